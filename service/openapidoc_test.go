package service

import (
	"strings"
	"testing"

	"kitt.sh/service/api"
)

type m = map[string]any

// document is the OpenAPI document of the table.
func document(t *testing.T) m {
	s := newSchemas(t)
	failure := s.of(api.Failure{})
	paths := m{}
	for _, r := range table() {
		if paths[r.path] == nil {
			paths[r.path] = m{}
		}
		paths[r.path].(m)[strings.ToLower(r.method)] = operation(r, s, failure)
	}
	return m{"openapi": "3.1.1", "info": m{"title": "kitt", "version": "1", "license": m{"name": "MIT", "identifier": "MIT"},
		"description": "What kitt's daemon can be asked, over HTTP/1.1 on a unix socket: curl --unix-socket \"$KITT_HOME/run/api.sock\" http://kitt/v1/status. docs/api.md says more."},
		"servers":    []m{{"url": "http://kitt", "description": "the unix socket; the name is kitt or localhost"}},
		"security":   []m{{}},
		"paths":      paths,
		"components": m{"schemas": s.all}}
}

func operation(r route, s *schemas, failure m) m {
	id := strings.ReplaceAll(strings.TrimPrefix(r.path, "/v1/"), "/", "-")
	op := m{"operationId": strings.TrimSuffix(id, ".json"), "summary": r.does, "responses": responses(r, s, failure)}
	var params []m
	for _, p := range r.query {
		params = append(params, parameter(p))
	}
	for _, h := range headers(r) {
		params = append(params, m{"name": h[0], "in": "header", "description": h[1], "schema": m{"type": "string"}})
	}
	if params != nil {
		op["parameters"] = params
	}
	if r.body != nil {
		op["requestBody"] = m{"required": true, "content": m{"application/json": m{"schema": s.of(r.body)}}}
	}
	return op
}

// headers are those of a request that mean something to a route.
func headers(r route) (out [][2]string) {
	if r.finds && r.form != endless || r.method == "POST" {
		out = append(out, [2]string{"X-Kitt-Dir", "the caller's folder: names are looked up first in the project whose spec file lies there"})
	}
	if r.path == "/v1/events" || r.path == "/v1/logs" {
		out = append(out, [2]string{"Last-Event-ID", "the id of the last Server-Sent Event that was seen: what comes is what follows it"})
	}
	return out
}

func parameter(p param) m {
	schema := m{"type": p.kind.is}
	switch {
	case p.kind.among != nil:
		schema["enum"] = p.kind.among
	case p.kind.is == "integer":
		schema["minimum"] = 0
	}
	does := p.does
	if p.kind.format != "" && p.kind.is == "string" && p.kind.among == nil {
		does += "; " + p.kind.format
	}
	out := m{"name": p.name, "in": "query", "description": does, "schema": schema}
	if p.kind.need {
		out["required"] = true
	}
	return out
}

func responses(r route, s *schemas, failure m) m {
	var content m
	switch r.form {
	case object:
		schema := m{"type": "object"}
		if r.gives != nil {
			schema = s.of(r.gives)
		}
		content = m{"application/json": m{"schema": schema}}
	case text:
		content = m{"text/plain": m{"schema": m{"type": "string"}}, "application/openmetrics-text": m{"schema": m{"type": "string"}}}
	default:
		content = m{"application/x-ndjson": m{"schema": s.of(r.gives)},
			"text/event-stream": m{"schema": m{"type": "string", "description": "the same objects as Server-Sent Events, where Accept asks for them: each data is one"}}}
	}
	does := map[form]string{object: "the answer", text: "the answer", stream: "objects, one a line; the schema is that of each", endless: "objects, one a line; the schema is that of each"}[r.form]
	out := m{"200": m{"description": does, "content": content}}
	refused := func(code, why string) {
		out[code] = m{"description": why, "content": m{"application/json": m{"schema": failure}}}
	}
	refused("409", "it cannot be done; code is the exit code of the command")
	if len(r.query) > 0 || r.body != nil {
		refused("400", "the request is not well-formed")
	}
	if r.finds {
		refused("404", "a name means nobody")
	}
	return out
}

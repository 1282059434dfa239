package service

import (
	"errors"
	"net/http"

	"kitt.sh/service/api"
)

// A failure is an error with the exit code that the command ends with, and the way out.
type failure struct {
	code int
	text string
	hint string
}

func (f failure) Error() string { return f.text }

// asFailure is what the client is told of an error.
func asFailure(err error) api.Failure {
	var f failure
	if other := (otherPorts{}); errors.As(err, &other) {
		return api.Failure{Error: other.Error(), Hint: "read it with request.ports as they are here, and send it again", Code: 1, Ports: other.ports}
	}
	if errors.As(err, &f) {
		return api.Failure{Error: f.text, Hint: f.hint, Code: f.code}
	}
	return api.Failure{Error: err.Error(), Code: 1}
}

// httpStatus is the answer's status for an exit code.
func httpStatus(code int) int {
	switch code {
	case 2:
		return http.StatusBadRequest
	case 4:
		return http.StatusNotFound
	}
	return http.StatusConflict
}

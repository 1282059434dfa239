package spec

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/customdecode"
	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// context is what the expressions of the file may name: env, path and the functions.
func (h *hclReader) context() *hcl.EvalContext {
	env := map[string]cty.Value{}
	for name, value := range h.req.Env {
		env[name] = cty.StringVal(value)
	}
	return &hcl.EvalContext{
		Variables: map[string]cty.Value{
			"env": cty.ObjectVal(env),
			"path": cty.ObjectVal(map[string]cty.Value{
				"dir":  cty.StringVal(h.dir),
				"file": cty.StringVal(h.file),
				"home": cty.StringVal(h.req.Env["HOME"]),
			}),
		},
		Functions: h.functions(),
	}
}

// forInstance is the context in which instance.n is n.
func (h *hclReader) forInstance(n int) *hcl.EvalContext {
	child := h.eval.NewChild()
	child.Variables = map[string]cty.Value{"instance": cty.ObjectVal(map[string]cty.Value{"n": cty.NumberIntVal(int64(n))})}
	return child
}

func (h *hclReader) functions() map[string]function.Function {
	return map[string]function.Function{
		"abs": stdlib.AbsoluteFunc, "ceil": stdlib.CeilFunc, "floor": stdlib.FloorFunc, "log": stdlib.LogFunc,
		"max": stdlib.MaxFunc, "min": stdlib.MinFunc, "pow": stdlib.PowFunc, "signum": stdlib.SignumFunc, "parseint": stdlib.ParseIntFunc,
		"upper": stdlib.UpperFunc, "lower": stdlib.LowerFunc, "title": stdlib.TitleFunc, "strlen": stdlib.StrlenFunc,
		"substr": stdlib.SubstrFunc, "strrev": stdlib.ReverseFunc, "trim": stdlib.TrimFunc, "trimspace": stdlib.TrimSpaceFunc,
		"trimprefix": stdlib.TrimPrefixFunc, "trimsuffix": stdlib.TrimSuffixFunc, "chomp": stdlib.ChompFunc, "indent": stdlib.IndentFunc,
		"replace": stdlib.ReplaceFunc, "split": stdlib.SplitFunc, "join": stdlib.JoinFunc, "format": stdlib.FormatFunc,
		"formatlist": stdlib.FormatListFunc, "regex": stdlib.RegexFunc, "regexall": stdlib.RegexAllFunc, "regexreplace": stdlib.RegexReplaceFunc,
		"length": stdlib.LengthFunc, "concat": stdlib.ConcatFunc, "contains": stdlib.ContainsFunc, "distinct": stdlib.DistinctFunc,
		"element": stdlib.ElementFunc, "flatten": stdlib.FlattenFunc, "keys": stdlib.KeysFunc, "values": stdlib.ValuesFunc,
		"lookup": stdlib.LookupFunc, "merge": stdlib.MergeFunc, "range": stdlib.RangeFunc, "reverse": stdlib.ReverseListFunc,
		"slice": stdlib.SliceFunc, "sort": stdlib.SortFunc, "zipmap": stdlib.ZipmapFunc, "compact": stdlib.CompactFunc,
		"jsonencode": stdlib.JSONEncodeFunc, "jsondecode": stdlib.JSONDecodeFunc, "csvdecode": stdlib.CSVDecodeFunc,
		"tostring": stdlib.MakeToFunc(cty.String), "tonumber": stdlib.MakeToFunc(cty.Number), "tobool": stdlib.MakeToFunc(cty.Bool),
		"try": tryfunc.TryFunc, "can": tryfunc.CanFunc, "coalesce": coalesce,
		"env": h.envFunc(), "file": h.fileFunc(), "fileexists": h.existsFunc(),
		"abspath": h.pathFunc(func(p string) string { return resolve(h.dir, p) }),
		"dirname": h.pathFunc(filepath.Dir), "basename": h.pathFunc(filepath.Base),
	}
}

// coalesce gives the first argument that is neither null nor an error, so that a variable that is not set
// may stand in it.
var coalesce = function.New(&function.Spec{
	VarParam: &function.Parameter{Name: "expressions", Type: customdecode.ExpressionClosureType},
	Type: func(args []cty.Value) (cty.Type, error) {
		v, err := firstOf(args)
		return v.Type(), err
	},
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) { return firstOf(args) },
})

func firstOf(args []cty.Value) (cty.Value, error) {
	for _, arg := range args {
		v, diags := customdecode.ExpressionClosureFromVal(arg).Value()
		if !diags.HasErrors() && v.IsKnown() && !v.IsNull() {
			return v, nil
		}
	}
	return cty.NilVal, errors.New("none of its arguments has a value")
}

// envFunc is env("NAME") and env("NAME", "default"): the same variables as env.NAME.
func (h *hclReader) envFunc() function.Function {
	return function.New(&function.Spec{
		Params:   []function.Parameter{{Name: "name", Type: cty.String}},
		VarParam: &function.Parameter{Name: "default", Type: cty.String},
		Type:     function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if value, ok := h.req.Env[args[0].AsString()]; ok {
				return cty.StringVal(value), nil
			}
			if len(args) > 1 {
				return args[1], nil
			}
			return cty.NilVal, function.NewArgErrorf(0, "%s is not set; give a default as second argument", args[0].AsString())
		},
	})
}

func (h *hclReader) fileFunc() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			text, err := h.tryRead(resolve(h.dir, args[0].AsString()))
			if err != nil {
				return cty.NilVal, function.NewArgErrorf(0, "read %s: %s", args[0].AsString(), cause(err))
			}
			return cty.StringVal(text), nil
		},
	})
}

func (h *hclReader) existsFunc() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			path := resolve(h.dir, args[0].AsString())
			h.note(path)
			_, err := os.Stat(path)
			return cty.BoolVal(err == nil), nil
		},
	})
}

func (h *hclReader) pathFunc(do func(string) string) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.StringVal(do(args[0].AsString())), nil
		},
	})
}

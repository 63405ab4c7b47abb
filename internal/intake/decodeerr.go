package intake

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// inner returns a Refusal that a type of ours raised while decoding.
func inner(err error) (*Refusal, bool) {
	var r *Refusal
	ok := errors.As(err, &r)
	if !ok {
		return nil, false
	}
	return &Refusal{Code: r.Code, Text: r.Text + at(err)}, true
}

// at names the place inside the resource, such as " (at /item/0/net)"; "" where it is not known.
func at(err error) string {
	var semantic *json.SemanticError
	if errors.As(err, &semantic) && semantic.JSONPointer != "" {
		return " (at " + cut(string(semantic.JSONPointer), 80) + ")"
	}
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) && syntax.JSONPointer != "" {
		return " (at " + cut(string(syntax.JSONPointer), 80) + ")"
	}
	return ""
}

// decodeDetail tells a value of the wrong kind from text that is not JSON.
func decodeDetail(err error) *Refusal {
	var semantic *json.SemanticError
	if errors.As(err, &semantic) && semantic.JSONKind != 0 {
		return refuse("wrong_type", "a value is of the wrong kind (%s)%s", kindWord(semantic.JSONKind), at(err))
	}
	return refuse("malformed", "not valid JSON%s", at(err))
}

func kindWord(k jsontext.Kind) string {
	switch k {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "text"
	case '0':
		return "a number"
	case 't', 'f':
		return "true or false"
	}
	return "null"
}

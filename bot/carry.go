package bot

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"
)

// mostFetches is how often a file is asked for, in about half a minute: whoever is to get it must not wait for everything else
// meanwhile.
const mostFetches = 6

// errUnfetched is returned for a file that could not be fetched so often that it is given up.
var errUnfetched = &apiError{Code: http.StatusGone}

// carry fetches a file by one bot and sends it by another, streamed: it is kept nowhere.
func (p *post) carry(ctx context.Context, to *Client, c call, e *effort) (jsontext.Value, error) {
	e.large = true
	from := p.clients[c.Fetch.Bot]
	if from == nil { // the desks' bot was taken out of the configuration
		return nil, errUnfetched
	}
	src, err := from.Download(ctx, c.Fetch.Ref)
	if err != nil {
		if e.fetches++; e.fetches >= mostFetches {
			return nil, errUnfetched
		}
		return nil, err
	}
	defer src.Close()
	return to.UploadAs(ctx, c.Method, c.Fetch.Field, formFields(c.Params), c.Fetch.Name, src)
}

// formFields are parameters as the fields of a form: words as they are, anything else as JSON.
func formFields(params []byte) map[string]string {
	var all map[string]json.RawMessage
	if json.Unmarshal(params, &all) != nil {
		return nil
	}
	fields := make(map[string]string, len(all))
	for name, raw := range all {
		fields[name] = string(raw)
		var text string
		if json.Unmarshal(raw, &text) == nil {
			fields[name] = text
		}
	}
	return fields
}

package words

import "strings"

// Retell returns a sentence that was kept in one language in this one, where it is that of a key with one name in it, and as
// it is where it is none of them. What people wrote themselves stays as they wrote it.
func (w *Words) Retell(sentence, name string, keys ...string) string {
	for _, other := range w.catalog.words {
		for _, key := range keys {
			before, after, ok := strings.Cut(other.single[key], "{{."+name+"}}")
			if !ok || len(sentence) <= len(before)+len(after) || !strings.HasPrefix(sentence, before) || !strings.HasSuffix(sentence, after) {
				continue
			}
			return w.T(key, name, sentence[len(before):len(sentence)-len(after)])
		}
	}
	return sentence
}

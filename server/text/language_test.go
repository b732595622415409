package text_test

import (
	"strings"
	"testing"

	"guildhall/server/text"
)

func TestLanguage(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"Good morning, has anybody moved off the big contract?":              "en",
		"Bore da bawb. Mae'r cyngor wedi newid y ffordd yr ydym yn gweithio": "cy",
		"Diolch yn fawr":                     "cy",
		"Diolch yn fawr i chi":               "cy",
		"Rydym yn cynnal y cyfarfod ar-lein": "cy",
		"Y dudalen AI / The AI page":         "",
		"The Welsh for it is *yr hyn sydd yn digwydd*, and we use that in our letters": "en",
		"":             "",
		"42 %":         "",
		"Thanks":       "",
		"I am hen o a": "",
		strings.Repeat("a", 3000) + " mae yn wedi": "",
		strings.Repeat("ŷ", 1500):                  "",
	} {
		if got := text.Language(said); got != want {
			t.Errorf("%.60q is taken for %q, want %q", said, got, want)
		}
	}
}

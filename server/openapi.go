package server

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
)

// newAPI makes the huma API: JSON in and out, OpenAPI 3.1, no documentation page.
func newAPI(engine *gin.Engine, version string) huma.API {
	adoptErrors()
	schemas := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	return humagin.New(engine, huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    &huma.Info{Title: "Croft", Version: version, Description: "The console's API. Every mutation by session cookie needs the header X-Croft-CSRF."},
			Components: &huma.Components{
				Schemas: schemas,
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"session": {Type: "apiKey", In: "cookie", Name: cookieName},
					"token":   {Type: "http", Scheme: "bearer", BearerFormat: "croft_pat"},
				},
			},
			Security: []map[string][]string{{"session": {}}, {"token": {}}},
		},
		Formats:       map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat: "application/json",
	})
}

func (s *Server) openAPIRoutes() {
	raw(s, probe("/openapi.json"), Public("describes the API and holds nothing of anybody"), func(w http.ResponseWriter, _ *http.Request, _ Params) error {
		description, err := s.OpenAPI()
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "application/openapi+json")
		_, err = w.Write(description)
		return err
	})
}

// OpenAPI describes the API as indented JSON. It needs no dependency, so that the
// description can be written without a running instance.
func (s *Server) OpenAPI() ([]byte, error) {
	flat, err := json.Marshal(s.api.OpenAPI())
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, flat, "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

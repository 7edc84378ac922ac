package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"croft/internal/testforge"
	"croft/internal/testimage"
)

// TestJourney is one job through every room, as a new user would do it by hand:
// the five parts are those of the README.
func TestJourney(t *testing.T) {
	engine := testimage.Engine(t)
	if _, err := testimage.Sample(t.Context(), "go"); err != nil {
		t.Fatalf("make the image that the pipeline runs in: %v", err)
	}
	awsCommand := NeedCommand(t, "aws")
	browser := NewBrowser(t)
	forge := NewForge(t)
	croft := New(t, 4)
	sweepAfter(t, engine, croft)
	person := map[string]any{"name": rootName, "displayName": "Mei Lin", "password": rootPassword}
	part := func(name string, do func(t *testing.T)) {
		if !t.Run(name, func(t *testing.T) { browser.tb = t; do(t) }) {
			t.FailNow() // each part needs the one before
		}
		browser.tb = t
		for line := range strings.Lines(croft.Output()) {
			if strings.Contains(line, "level=ERROR") {
				t.Errorf("after %s the log has an error: %.600s", name, line)
			}
		}
	}

	part("1 set-up link, account, project", func(t *testing.T) {
		croft.Start()
		browser.Do("setUp", with(person, "link", croft.SetupLink()), nil)
		browser.Do("createProject", map[string]any{"name": "Hello", "slug": "hello"}, nil)
	})

	remote := forge.NewRepository(t, "hello.git")
	work := NewWork(t, remote)
	part("2 repository with history", func(t *testing.T) {
		work.CopySample("go.mod", "main.go", "greeting/greeting.go", ".gitignore")
		work.Commit("Greet whoever is named")
		work.CopySample("main_test.go", "greeting/greeting_test.go")
		work.Commit("Test the greetings")
		work.CopySample()
		work.Commit("Check and build every push with Croft")
		work.Push()
		var hook testforge.Webhook
		browser.Do("addRepository", map[string]any{"project": "hello", "name": "hello", "cloneUrl": remote}, &hook)
		if !strings.HasPrefix(hook.URL, croft.Console+"/hooks/") || len(hook.Secret) < 20 {
			t.Fatalf("the console shows the webhook as %+v", hook)
		}
		forge.OnPush("hello.git", hook)
		if d := hook.Send(t.Context(), []byte(`{"ref":"refs/heads/main"}`), "sha256="+strings.Repeat("0", 64)); d.Status/100 == 2 {
			t.Errorf("a push with a wrong signature was taken: %+v", d)
		}
	})

	const words = "Shall the next version say who made it?"
	var commit string
	part("3 push, live log, success, chat card", func(t *testing.T) {
		browser.Do("say", map[string]any{"room": "Hello", "text": words}, nil)
		main := readFile(t, filepath.Join(work.Dir, "main.go"))
		work.Write("main.go", strings.Replace(main, "// Hello greets people", "// Hello, made by Mei, greets people", 1))
		commit = work.Commit("Say who made it")
		work.Push()
		delivery := <-forge.Deliveries
		var started struct{ Run int }
		if err := json.Unmarshal([]byte(delivery.Body), &started); err != nil || delivery.Status != http.StatusAccepted || started.Run != 1 {
			t.Fatalf("the webhook answered %+v", delivery)
		}
		var seen struct {
			LineWhileRunning string
			CardStates       []string
		}
		browser.Do("followRun", map[string]any{
			"project": "hello", "room": "Hello", "repository": "hello", "number": 1, "commit": commit, "message": "Say who made it",
			"steps": []string{"test", "format", "compile"},
		}, &seen)
		if !strings.Contains(seen.LineWhileRunning, "go version go1.") {
			t.Errorf("while the step ran the browser showed %q", seen.LineWhileRunning)
		}
		if len(seen.CardStates) < 2 || seen.CardStates[0] == "success" || seen.CardStates[len(seen.CardStates)-1] != "success" {
			t.Errorf("the chat card went through %q", seen.CardStates)
		}
		nothingLeft(t, engine, "croft.run="+runID(t, Login(t, croft.Console, rootName, rootPassword), "/api/v1/projects/hello/repositories/hello"))
	})

	var keys struct{ AccessKey, SecretKey string }
	var artifact []byte
	fetch := func(t *testing.T) []byte {
		t.Helper()
		file := filepath.Join(t.TempDir(), "hello")
		Run(t, "", []string{
			"AWS_ACCESS_KEY_ID=" + keys.AccessKey, "AWS_SECRET_ACCESS_KEY=" + keys.SecretKey, "AWS_DEFAULT_REGION=us-east-1",
			"AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull, "AWS_EC2_METADATA_DISABLED=true",
		}, awsCommand, "--endpoint-url", croft.S3, "s3", "cp", "s3://hello-artifacts/hello/1/bin/hello", file)
		return []byte(readFile(t, file))
	}
	part("4 artifact with the aws command", func(t *testing.T) {
		browser.Do("createKey", map[string]any{"name": "laptop"}, &keys)
		artifact = fetch(t)
		program := filepath.Join(t.TempDir(), "hello")
		if err := os.WriteFile(program, artifact, 0o755); err != nil {
			t.Fatal(err)
		}
		if said := Run(t, "", nil, program, "Ada"); said != "Hello, Ada!\n" {
			t.Errorf("the artifact says %q", said)
		}
		if said := Run(t, "", nil, program, "--version"); said != "hello "+commit+"\n" {
			t.Errorf("the artifact calls itself %q, want %s", said, commit)
		}
		docs := os.Getenv("CROFT_E2E_PICTURES") == "docs"
		if docs {
			furnish(t, croft, forge, work)
		}
		browser.Do("pictures", map[string]any{"base": croft.Console, "docs": docs, "images": filepath.Join(Root(t), "docs", "images")}, nil)
	})

	part("5 kill -9, two drives gone, start again", func(t *testing.T) {
		croft.Kill()
		for _, drive := range []string{croft.Drives[0], croft.Drives[2]} {
			if err := os.Rename(drive, drive+".away"); err != nil {
				t.Fatal(err)
			}
		}
		croft.Start()
		browser.Do("logInAfresh", with(person, "base", croft.Console), nil)
		browser.Do("seeChat", map[string]any{"room": "Hello", "text": words, "message": "Say who made it"}, nil)
		var seen struct{ Log, File string }
		browser.Do("seeRun", map[string]any{"project": "hello", "repository": "hello", "number": 1, "steps": []string{"test", "format", "compile"}, "artifact": "bin/hello"}, &seen)
		for _, line := range []string{"go version go1.", "--- PASS: TestGreet", "--- PASS: TestFor"} {
			if !strings.Contains(seen.Log, line) {
				t.Errorf("the log lacks %q:\n%s", line, lastLines(seen.Log, 20))
			}
		}
		if got := []byte(readFile(t, seen.File)); !bytes.Equal(got, artifact) {
			t.Errorf("the browser's artifact has %d bytes, not the %d of before", len(got), len(artifact))
		}
		if got := fetch(t); !bytes.Equal(got, artifact) {
			t.Errorf("the artifact has %d bytes, not the %d of before", len(got), len(artifact))
		}
		browser.Do("seeDrives", map[string]any{"offline": 2, "online": 2}, nil)
	})
}

// furnish makes the console look lived in, for the pictures of the documentation.
func furnish(t *testing.T, croft *Croft, forge *Forge, work *Work) {
	t.Helper()
	api := Login(t, croft.Console, rootName, rootPassword)
	api.Must(t, "PATCH", "/api/v1/projects/hello", map[string]string{"description": "Greets people, on every machine we have."}, nil)
	for slug, project := range map[string][2]string{
		"website": {"Website", "What customers see first."},
		"billing": {"Billing", "Invoices, payments and reminders."},
	} {
		api.Must(t, "POST", "/api/v1/projects", map[string]string{"slug": slug, "name": project[0], "description": project[1]}, nil)
	}
	push := func(file, content, message, state string, number int) {
		work.Write(file, content)
		work.Commit(message)
		work.Push()
		<-forge.Deliveries
		if run := final(t, api, "/api/v1/projects/hello/repositories/hello", number); run.State != state {
			t.Errorf("%q ended as %s", message, run.State)
		}
	}
	const file = "greeting/greeting.go"
	whole := readFile(t, filepath.Join(work.Dir, file))
	push(file, strings.Replace(whole, "Hello, ", "Good day, ", 1), "Greet more politely", "failed", 2)
	push(file, whole, "Say hello again: the tests insist on it", "success", 3)
	var rooms struct {
		Items []struct{ ID, ProjectSlug string }
	}
	api.Must(t, "GET", "/api/v1/chat/rooms", nil, &rooms)
	for name, person := range map[string][2]string{
		"ada":  {"Ada Berg", "Thanks! The new build runs on the lab machines."},
		"xiao": {"小明", "太好了，我来更新文档。"},
	} {
		var user struct{ ID string }
		api.Must(t, "POST", "/api/v1/users", map[string]any{"name": name, "displayName": person[0], "password": rootPassword, "admin": false}, &user)
		api.Must(t, "PUT", "/api/v1/projects/hello/members/"+user.ID, map[string]string{"role": "developer"}, nil)
		theirs := Login(t, croft.Console, name, rootPassword)
		for _, room := range rooms.Items {
			if room.ProjectSlug == "hello" {
				theirs.Must(t, "POST", "/api/v1/chat/rooms/"+room.ID+"/messages", map[string]string{"clientId": "picture", "text": person[1]}, nil)
			}
		}
	}
}

func with(args map[string]any, name string, value any) map[string]any {
	all := map[string]any{name: value}
	for k, v := range args {
		all[k] = v
	}
	return all
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

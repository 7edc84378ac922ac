/** sampleFile is the smallest .croft.yml that shows stages, parallel steps and an artifact. */
export const sampleFile = `# .croft.yml
stages:
  - name: check
    steps:
      - name: vet
        image: golang:1.26
        script: go vet ./...
      - name: test
        image: golang:1.26
        script: go test ./...
  - name: build
    steps:
      - name: compile
        image: golang:1.26
        script: go build -o bin/app .
        artifacts: [bin/app]
`;

/** examples stand in empty fields; they read the same in every language. */
export const examples = {
  cloneUrl: "https://git.example.com/team/app.git",
  branch: "main",
  variables: "DEPLOY=staging",
};

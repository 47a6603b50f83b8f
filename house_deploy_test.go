package defenderline_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

// composition is what the tests read of compose.yaml.
type composition struct {
	Services map[string]service `yaml:"services"`
	Networks map[string]struct {
		Internal bool `yaml:"internal"`
	} `yaml:"networks"`
	Secrets map[string]struct {
		File string `yaml:"file"`
	} `yaml:"secrets"`
}

type service struct {
	Image         string            `yaml:"image"`
	User          string            `yaml:"user"`
	Command       []string          `yaml:"command"`
	Environment   map[string]string `yaml:"environment"`
	Networks      []string          `yaml:"networks"`
	Ports         []string          `yaml:"ports"`
	Expose        []string          `yaml:"expose"`
	NetworkMode   string            `yaml:"network_mode"`
	Privileged    bool              `yaml:"privileged"`
	CapAdd        []string          `yaml:"cap_add"`
	CapDrop       []string          `yaml:"cap_drop"`
	SecurityOpt   []string          `yaml:"security_opt"`
	ReadOnly      bool              `yaml:"read_only"`
	Tmpfs         []string          `yaml:"tmpfs"`
	Volumes       []string          `yaml:"volumes"`
	Secrets       []string          `yaml:"secrets"`
	Ulimits       map[string]int    `yaml:"ulimits"`
	MemLimit      string            `yaml:"mem_limit"`
	MemswapLimit  string            `yaml:"memswap_limit"`
	Cpus          float64           `yaml:"cpus"`
	PidsLimit     int               `yaml:"pids_limit"`
	Restart       string            `yaml:"restart"`
	StopGrace     time.Duration     `yaml:"stop_grace_period"`
	DependsOn     map[string]wait   `yaml:"depends_on"`
	Healthcheck   map[string]any    `yaml:"healthcheck"`
	LoggingDriver map[string]any    `yaml:"logging"`
}

type wait struct {
	Condition string `yaml:"condition"`
}

func composed(t *testing.T) composition {
	t.Helper()
	text, err := os.ReadFile("compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var c composition
	if err := yaml.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	if len(c.Services) != 2 || c.Services["line"].Image == "" || c.Services["redis"].Image == "" {
		t.Fatalf("compose.yaml has the services %v, want line and redis", c.Services)
	}
	return c
}

// check reports what is wrong unless it holds.
func check(t *testing.T, holds bool, format string, args ...any) {
	t.Helper()
	if !holds {
		t.Errorf(format, args...)
	}
}

// TestComposeConfines proves that each service is held as tightly as it can be.
func TestComposeConfines(t *testing.T) {
	c := composed(t)
	tagged := regexp.MustCompile(`^[a-z]+:(\$\{LINE_VERSION:-devel\}|\d+\.\d+[a-z0-9.-]*)$`)
	for name, s := range c.Services {
		check(t, tagged.MatchString(s.Image), "%s: image %q is not pinned by a version", name, s.Image)
		check(t, regexp.MustCompile(`^[1-9]\d*:[1-9]\d*$`).MatchString(s.User), "%s: user %q is no number apart from root", name, s.User)
		check(t, s.ReadOnly, "%s: its root can be written to", name)
		check(t, slices.Equal(s.CapDrop, []string{"ALL"}) && s.CapAdd == nil, "%s: capabilities are left: drop %v, add %v", name, s.CapDrop, s.CapAdd)
		check(t, slices.Contains(s.SecurityOpt, "no-new-privileges:true"), "%s: it may gain privileges: %v", name, s.SecurityOpt)
		check(t, !s.Privileged && s.NetworkMode == "", "%s: it is privileged or on the host's network", name)
		check(t, s.MemLimit != "" && s.MemLimit == s.MemswapLimit, "%s: memory %q and swap %q: what is in memory can reach a disk", name, s.MemLimit, s.MemswapLimit)
		core, limited := s.Ulimits["core"]
		check(t, limited && core == 0, "%s: it may write a core file", name)
		check(t, s.Cpus > 0 && s.PidsLimit > 0, "%s: processors or processes have no limit", name)
		check(t, s.Restart == "unless-stopped", "%s: restart is %q", name, s.Restart)
		check(t, s.LoggingDriver["options"] != nil, "%s: its log has no limit", name)
		for _, mount := range s.Tmpfs {
			check(t, strings.Contains(mount, "size=") && strings.Contains(mount, "noexec"), "%s: tmpfs %q has no size or can hold programs", name, mount)
		}
		check(t, len(s.Tmpfs) > 0, "%s: no tmpfs beside the read-only root", name)
	}
}

// TestComposeNetworks proves that Redis is reached by the line alone, and the
// line from this machine alone.
func TestComposeNetworks(t *testing.T) {
	c := composed(t)
	line, redis := c.Services["line"], c.Services["redis"]
	check(t, redis.Ports == nil && redis.Expose == nil, "redis publishes %v %v", redis.Ports, redis.Expose)
	check(t, slices.Equal(redis.Networks, []string{"store"}) && c.Networks["store"].Internal, "redis is on %v, not only on an internal network", redis.Networks)
	check(t, slices.Equal(line.Networks, []string{"store", "outward"}), "the line is on %v", line.Networks)
	outward, there := c.Networks["outward"]
	check(t, there && !outward.Internal, "the line cannot reach Telegram")
	check(t, len(line.Ports) == 1, "the line publishes %v, want the one http.listen", line.Ports)
	for _, port := range line.Ports {
		check(t, strings.HasPrefix(port, "127.0.0.1:"), "the line publishes %q beyond this machine", port)
	}
	check(t, line.DependsOn["redis"].Condition == "service_healthy" && redis.Healthcheck != nil, "the line does not wait for Redis")
	check(t, line.StopGrace >= 20*time.Second, "the line has %v to finish what it holds, which takes 15 s at most", line.StopGrace)
}

// TestComposeSecrets proves that secrets are files, each declared and used, and
// in no environment, argument or volume.
func TestComposeSecrets(t *testing.T) {
	c := composed(t)
	used := map[string]bool{}
	for name, s := range c.Services {
		for _, secret := range s.Secrets {
			used[secret] = true
			check(t, strings.HasSuffix(c.Secrets[secret].File, "/secrets/"+secret), "%s: secret %s has the file %q", name, secret, c.Secrets[secret].File)
		}
		for key := range s.Environment {
			check(t, key == "GOMEMLIMIT", "%s: the environment has %s; secrets are files", name, key)
		}
		for _, volume := range s.Volumes {
			check(t, strings.HasSuffix(volume, ":ro") || volume == "redis-data:/data", "%s: %q can be written to", name, volume)
		}
		check(t, !slices.Contains(s.Command, "--requirepass"), "%s: a password is among the arguments", name)
	}
	check(t, len(c.Secrets) >= 4, "compose.yaml declares %d secrets: too few to serve", len(c.Secrets))
	for secret := range c.Secrets {
		check(t, used[secret], "secret %s is used by no service", secret)
	}
	check(t, slices.Equal(c.Services["redis"].Secrets, []string{"redis-users.acl"}), "redis is given %v; it needs no secret but its users", c.Services["redis"].Secrets)
}

// TestDockerfile proves that the image is one static program without root.
func TestDockerfile(t *testing.T) {
	text, err := os.ReadFile("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	last := slices.Index(lines, "FROM scratch")
	if last < 1 {
		t.Fatalf("Dockerfile has no build stage before `FROM scratch`: %q", lines)
	}
	builder, final := lines[:last], lines[last:]
	check(t, regexp.MustCompile(`^FROM golang:\d+\.\d+\.\d+-[a-z]+ AS build$`).MatchString(builder[0]), "the build stage starts %q, not pinned by a version", builder[0])
	check(t, strings.Contains(builder[0], "golang:"+goVersion(t)+"."), "the build stage starts %q, go.mod wants %s", builder[0], goVersion(t))
	check(t, slices.ContainsFunc(builder, func(l string) bool { return strings.HasPrefix(l, "RUN make build ") }), "the image does not build as `make build` does")
	check(t, slices.Contains(final, "USER "+composed(t).Services["line"].User), "the image's user is not compose.yaml's: %q", final)
	check(t, slices.Contains(final, "HEALTHCHECK NONE"), "the image asks for its health with a program it does not have")
	check(t, slices.Contains(final, `ENTRYPOINT ["/defenderline"]`), "the entry point needs a shell: %q", final)
	for _, line := range final[1:] {
		verb, _, _ := strings.Cut(line, " ")
		check(t, slices.Contains([]string{"COPY", "USER", "HEALTHCHECK", "ENTRYPOINT", "CMD"}, verb), "the final stage does more than copy and start: %q", line)
		check(t, verb != "COPY" || strings.HasPrefix(line, "COPY --from=build "), "the final stage takes files from the context: %q", line)
	}
}

// goVersion is go.mod's, major and minor.
func goVersion(t *testing.T) string {
	t.Helper()
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(mod)
	if found == nil {
		t.Fatal("go.mod names no Go version")
	}
	return string(found[1])
}

// TestBuildContext proves that the image's build gets every room and nothing else.
func TestBuildContext(t *testing.T) {
	text, err := os.ReadFile(".dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	check(t, slices.Contains(lines, "*"), ".dockerignore lets in what it does not name")
	for room := range layout {
		top, _, _ := strings.Cut(room, "/")
		check(t, slices.Contains(lines, "!"+top), ".dockerignore keeps %s from the build", top)
	}
	for _, line := range lines {
		entry, let := strings.CutPrefix(line, "!")
		_, err := os.Stat(entry)
		room := roomOf(entry) != "" // it may not be written yet
		check(t, !let || err == nil || room, ".dockerignore lets in %s, which is not there", entry)
	}
}

// TestBuildIsStatic proves what `make build` asks of the compiler.
func TestBuildIsStatic(t *testing.T) {
	out, err := makes("-n", "build", "VERSION=v1", "COMMIT=c1", "OUT=x")
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	command := strings.Join(strings.Fields(strings.ReplaceAll(out, "\\\n", " ")), " ")
	for _, want := range []string{"CGO_ENABLED=0 ", " -trimpath ", " -buildvcs=false ", " -tags timetzdata ", " -pgo cmd/defenderline/line.pgo ", "-X main.version=v1 -X main.commit=c1", " -o x ./cmd/defenderline"} {
		check(t, strings.Contains(command, want), "make build lacks %q: %s", want, command)
	}
}

// TestComposeRedis starts Redis with compose.yaml's own arguments and users,
// and proves that it keeps what it was told and lets nobody else in.
func TestComposeRedis(t *testing.T) {
	dir := t.TempDir()
	if out, err := makes("-s", "compose-secrets", "SECRETS="+dir); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, name := range []string{"redis-password", "redis-admin-password", "redis-users.acl"} {
		info, err := os.Stat(filepath.Join(dir, name))
		check(t, err == nil && info.Mode().Perm() == 0o600, "%s: %v %v, want mode 0600", name, info, err)
	}
	passwords := map[string]string{"probe": "any", "default": "any"}
	for user, file := range map[string]string{"line": "redis-password", "admin": "redis-admin-password"} {
		password, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		passwords[user] = string(password)
	}
	socket := startRedis(t, composed(t).Services["redis"].Command, dir)
	ask := func(user string, args ...string) string {
		cmd := exec.Command("redis-cli", append([]string{"-s", socket, "--user", user, "--no-auth-warning"}, args...)...)
		cmd.Env = append(os.Environ(), "REDISCLI_AUTH="+passwords[user])
		out, _ := cmd.CombinedOutput() // a refusal is an answer
		return strings.TrimSpace(string(out))
	}
	tests := []struct{ user, command, want string }{
		{"line", "PING", "PONG"},
		{"line", "EVAL return(redis.call('SET',KEYS[1],'1')) 1 {p01}:a", "OK"},
		{"line", "CONFIG GET appendfsync", "always"},
		{"line", "CONFIG GET appendonly", "yes"},
		{"line", "CONFIG GET maxmemory-policy", "noeviction"},
		{"line", "INFO persistence", "aof_enabled:1"},
		{"line", "CONFIG SET appendonly no", "NOPERM"},
		{"line", "FLUSHALL", "NOPERM"},
		{"line", "KEYS *", "NOPERM"},
		{"probe", "PING", "PONG"},
		{"probe", "GET {p01}:a", "NOPERM"},
		{"admin", "CONFIG SET maxmemory 600mb", "OK"},
		{"admin", "BGREWRITEAOF", "Background append only file rewriting"},
		{"admin", "INFO memory", "maxmemory:629145600"},
		{"admin", "GET {p01}:a", "NOPERM"},
		{"default", "PING", "WRONGPASS"},
		{"default", "GET {p01}:a", "NOAUTH"},
	}
	for _, tt := range tests {
		got := ask(tt.user, strings.Fields(tt.command)...)
		check(t, strings.Contains(got, tt.want), "%s: %s: %q, want %q", tt.user, tt.command, got, tt.want)
	}
	again, err := makes("-s", "compose-secrets", "SECRETS="+dir)
	check(t, err != nil && strings.Contains(again, "is kept"), "secrets were written over: %v %s", err, again)
}

// startRedis runs the command on a socket in dir, until the test ends.
func startRedis(t *testing.T, command []string, dir string) (socket string) {
	t.Helper()
	socket = filepath.Join(dir, "s")
	args := slices.Clone(command[1:])
	for i, arg := range args {
		args[i] = strings.Replace(strings.Replace(arg, "/run/secrets", dir, 1), "/data", dir, 1)
	}
	cmd := exec.Command(command[0], append(args, "--port", "0", "--unixsocket", socket)...)
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: make packages installs it", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	waitFor(t, pipe, "eady to accept connections")
	return socket
}

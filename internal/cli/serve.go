package cli

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"kitt.sh/internal/early"
	"kitt.sh/service/static"
)

// Serve makes a static file server a process of the default project.
type Serve struct {
	Host     string
	Port     int
	Name     string
	SPA      bool
	AuthFile string
	User     string
	Password string
	Words    []string // folder, port
}

// servePort is where nobody says otherwise, as in pm2.
const servePort = 8080

func (s Serve) Run(ctx context.Context, k *Kitt) error {
	dir, port, err := s.where()
	if err != nil {
		return err
	}
	dir = absolute(k.Cwd, dir)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return usage("serve "+dir+": no such folder", "kitt serve FOLDER PORT")
	}
	if (s.User == "") != (s.Password == "") {
		return usage("a user without a password, or a password without a user", "--basic-auth-username NAME and KITT_SERVE_PASSWORD, or --auth-file FILE")
	}
	args := []string{"internal", "serve", "--dir", dir, "--listen", net.JoinHostPort(s.Host, strconv.Itoa(port))}
	if s.SPA {
		args = append(args, "--spa")
	}
	if s.AuthFile != "" {
		file := absolute(k.Cwd, s.AuthFile)
		if _, err := static.ReadUsers(file); err != nil {
			return err
		}
		args = append(args, "--auth-file", file)
	}
	if s.User != "" { // by the environment: arguments are seen by everybody
		k.Environ = append(k.Environ, "SERVE_USER="+s.User, "SERVE_PASSWORD="+s.Password)
	}
	exe, err := early.CalledAs()
	if err != nil {
		return err
	}
	name := s.Name
	if name == "" {
		name = "static-page-server-" + strconv.Itoa(port)
	}
	return Start{Timeout: defaultWait, Force: true, Args: args, App: AppFlags{Name: name, Interpreter: "none", Cwd: dir}}.scripts(ctx, k, []string{exe})
}

// where reads folder and port, in either order.
func (s Serve) where() (dir string, port int, err error) {
	dir, port = ".", s.Port
	if port == 0 {
		port = servePort
	}
	for i, word := range s.Words {
		n, err := strconv.Atoi(word)
		switch {
		case i > 1:
			return "", 0, usage("serve: more than a folder and a port", "kitt serve FOLDER PORT")
		case err == nil:
			port = n
		default:
			dir = word
		}
	}
	if port < 1 || port > 65535 {
		return "", 0, usage(fmt.Sprintf("serve: %d is no port", port), "a port is a number from 1 to 65535")
	}
	return dir, port, nil
}

// serveMain is `kitt internal serve`.
func serveMain(args []string) int {
	var o static.Options
	f := flag.NewFlagSet("kitt internal serve", flag.ContinueOnError)
	f.StringVar(&o.Dir, "dir", ".", "folder")
	f.StringVar(&o.Address, "listen", "127.0.0.1:8080", "address")
	f.BoolVar(&o.SPA, "spa", false, "index.html for what is no file")
	users := f.String("auth-file", "", "file of user:password lines")
	if err := f.Parse(args); err != nil {
		return codeUsage
	}
	if *users != "" {
		var err error
		if o.Users, err = static.ReadUsers(*users); err != nil {
			return complain("serve", err)
		}
	}
	if user := os.Getenv("SERVE_USER"); user != "" && o.Users == nil {
		o.Users = map[string]string{user: os.Getenv("SERVE_PASSWORD")}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := static.Serve(ctx, o); err != nil {
		return complain("serve", err)
	}
	return 0
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"croft/objectstore/storebench/machine"
	"croft/objectstore/storebench/s3client"
)

const (
	accountName   = "bench"
	accountSecret = "a secret of this run alone"
	stopPatience  = 2 * time.Minute
)

// croft is the real program serving drives of its own on two ports of loopback.
type croft struct {
	binary  string
	drives  []string
	flags   []string
	logFile string

	s3      string // address
	console string
	known   bool         // the account has been made
	session *http.Client // logged in to the console; nil before
	shards  struct{ data, parity int }
	cmd     *exec.Cmd
	done    chan struct{}
}

var _ target = (*croft)(nil)

func newCroft(ctx context.Context, binary string, drives, flags []string, logFile string) (*croft, error) {
	c := &croft{binary: binary, drives: drives, flags: flags, logFile: logFile}
	var err error
	if c.s3, err = freeAddress(ctx); err != nil {
		return nil, err
	}
	c.console, err = freeAddress(ctx)
	return c, err
}

func (c *croft) geometry() (data, parity int) { return c.shards.data, c.shards.parity }

// start makes the account at the very first start and then starts anew without
// it, so that the password's hashing is in no figure.
func (c *croft) start(ctx context.Context) error {
	if !c.known {
		if err := c.launch(ctx, "CROFT_ROOT_USER="+accountName, "CROFT_ROOT_PASSWORD="+accountSecret); err != nil {
			return err
		}
		c.known = true
		// Logging in is dear too: health keeps the session.
		if _, err := c.health(ctx); err != nil {
			return errors.Join(err, c.kill())
		}
		if err := c.stop(ctx); err != nil {
			return err
		}
	}
	return c.launch(ctx)
}

func (c *croft) launch(ctx context.Context, env ...string) error {
	log, err := os.OpenFile(c.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	args := append([]string{"server", "--address", c.s3, "--console-address", c.console}, c.flags...)
	// Not of ctx: a stop asks before it kills.
	c.cmd = exec.CommandContext(context.WithoutCancel(ctx), c.binary, append(args, c.drives...)...)
	c.cmd.Env = append(slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "CROFT_ROOT_") }), env...)
	c.cmd.Stdout, c.cmd.Stderr = log, log
	c.cmd.SysProcAttr = dieWithUs()
	if err := c.cmd.Start(); err != nil {
		return err
	}
	c.done = make(chan struct{})
	go func() {
		_ = c.cmd.Wait()
		close(c.done)
	}()
	if err := awaitS3(ctx, c.options(), c.done); err != nil {
		_ = c.kill()
		return fmt.Errorf("start croft: %w", err)
	}
	return nil
}

func (c *croft) connect(ctx context.Context) (client, error) { return connectS3(ctx, c.options()) }

func (c *croft) options() s3client.Options {
	return s3client.Options{Address: c.s3, AccessKey: accountName, SecretKey: accountSecret}
}

func (c *croft) stop(ctx context.Context) error {
	if c.cmd == nil || c.cmd.Process == nil {
		return nil
	}
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return c.kill() // a system without such a signal, or it has ended by itself
	}
	select {
	case <-c.done:
	case <-time.After(stopPatience):
		return errors.Join(fmt.Errorf("croft does not stop within %v", stopPatience), c.kill())
	case <-ctx.Done():
		return errors.Join(ctx.Err(), c.kill())
	}
	if code := c.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("croft ended with code %d", code)
	}
	return nil
}

func (c *croft) kill() error {
	if c.cmd == nil || c.cmd.Process == nil {
		return nil
	}
	_ = c.cmd.Process.Kill() // it may have ended already
	<-c.done
	return nil
}

func (c *croft) process() (machine.Process, bool) {
	return machine.Process{PID: c.cmd.Process.Pid}, false
}

// health asks the console, which alone tells of the drives. It logs in once: a
// login is dear and their rate limited.
func (c *croft) health(ctx context.Context) ([]driveHealth, error) {
	if c.session == nil {
		jar, err := cookiejar.New(nil)
		if err != nil {
			return nil, err
		}
		session := &http.Client{Jar: jar, Timeout: time.Minute}
		credentials, err := json.Marshal(map[string]string{"name": accountName, "password": accountSecret})
		if err != nil {
			return nil, err
		}
		if err := c.call(ctx, session, http.MethodPost, "/api/v1/session", credentials, nil); err != nil {
			return nil, err
		}
		c.session = session
	}
	var health struct {
		DataShards, ParityShards int
		Drives                   []driveHealth
	}
	err := c.call(ctx, c.session, http.MethodGet, "/api/v1/health/drives", nil, &health)
	c.shards.data, c.shards.parity = health.DataShards, health.ParityShards
	return health.Drives, err
}

func (c *croft) call(ctx context.Context, session *http.Client, method, path string, body []byte, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+c.console+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := session.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s answered %s", method, path, resp.Status)
	}
	if out == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(out)
}

func freeAddress(ctx context.Context) (string, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

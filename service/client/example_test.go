package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"kitt.sh/service/client"
)

func Example() {
	ctx := context.Background()
	c, err := client.Open()
	if err != nil {
		log.Fatal(err)
	}
	status, err := c.Status(ctx)
	if errors.Is(err, client.ErrNotRunning) {
		log.Fatal("start it: kitt apply")
	}
	if err != nil {
		log.Fatal(err)
	}
	for _, in := range status.Instances {
		fmt.Println(in.ID, in.Phase)
	}
	// Output:
	// web.1 running
	// worker.1 waiting
}

func ExampleClient_Restart() {
	c, err := client.Open()
	if err != nil {
		log.Fatal(err)
	}
	o := client.Order{Targets: []string{"web"}, Wait: true, Timeout: time.Minute}
	for line, err := range c.Restart(context.Background(), o) {
		if err != nil {
			log.Fatal(err)
		}
		switch line.Type {
		case "action":
			fmt.Println(line.Verb, line.ID)
		case "done":
			fmt.Println(line.Text)
		}
	}
	// Output:
	// restart web.1
	// 1 instance is up
}

func ExampleLast() {
	c, err := client.Open()
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.Last(c.Stop(context.Background(), client.Order{Targets: []string{"wbe"}}))
	var no *client.Refusal
	if errors.As(err, &no) {
		fmt.Println(no)
		fmt.Println("hint:", no.Hint())
		fmt.Println("exit code:", no.ExitCode())
	}
	// Output:
	// find wbe: no such process
	// hint: there are web, worker
	// exit code: 4
}

func ExampleClient_Events() {
	c, err := client.Open()
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
	defer stop()
	for ev, err := range c.Events(ctx, client.Events{Last: 20, Follow: true}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(ev.Kind, ev.ID, ev.Reason)
		if ev.Kind == "exit" {
			break
		}
	}
	// Output:
	// start shop/web.1 applied
	// exit shop/web.1 exit 3
}

func ExampleClient_Logs() {
	c, err := client.Open()
	if err != nil {
		log.Fatal(err)
	}
	for line, err := range c.Logs(context.Background(), client.Logs{Targets: []string{"web"}, Last: 10, Level: "warn"}) {
		if err != nil {
			log.Fatal(err)
		}
		if line.Kind == "" { // else a cursor
			fmt.Println(line.ID, line.Stream, line.Text)
		}
	}
	// Output:
	// web.1 err warn: low on space
}

package events_test

import (
	"testing"

	"croft/internal/events"
)

func TestDeliversInOrderByType(t *testing.T) {
	bus := events.New()
	sub := events.Subscribe[events.RunChanged](bus, 4)
	defer sub.Close()
	events.Publish(bus, events.RunChanged{RunID: "a"})
	events.Publish(bus, events.ProjectCreated{ProjectID: "p"})
	events.Publish(bus, events.RunChanged{RunID: "b"})
	for _, want := range []string{"a", "b"} {
		if got := (<-sub.C()).RunID; got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}

func TestSlowSubscriberIsDroppedAndOthersGoOn(t *testing.T) {
	bus := events.New()
	slow := events.Subscribe[events.RunChanged](bus, 1)
	quick := events.Subscribe[events.RunChanged](bus, 3)
	for range 3 {
		events.Publish(bus, events.RunChanged{RunID: "x"})
	}
	if _, ok := <-slow.C(); !ok {
		t.Fatal("the queued event was lost")
	}
	if _, ok := <-slow.C(); ok {
		t.Fatal("a slow subscriber was not dropped")
	}
	slow.Close()
	if got := len(quick.C()); got != 3 {
		t.Fatalf("quick subscriber has %d events, want 3", got)
	}
	quick.Close()
	quick.Close()
}

package core

import (
	"context"
	"time"
)

// Actor is who does something: it stands in every history entry and audit line.
type Actor struct {
	Kind ActorKind `json:"kind"`
	ID   string    `json:"id"`             // user id, channel id, job name
	Name string    `json:"name,omitempty"` // as shown to people at that time
	// Behind is the id of the administrator who entered as this user.
	Behind     string `json:"behind,omitempty"`
	BehindName string `json:"behind_name,omitempty"`
}

// ActorKind is the sort of an actor.
type ActorKind string

const (
	ActorHub     ActorKind = "hub"     // the program itself
	ActorUser    ActorKind = "user"    // a person, by session or token
	ActorChannel ActorKind = "channel" // a connector
	ActorCommand ActorKind = "command" // the command line on the machine
)

type actorKey struct{}

// WithActor marks what is done under ctx as done by a.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorOf is the actor of ctx; without one it is the hub itself.
func ActorOf(ctx context.Context) Actor {
	if a, ok := ctx.Value(actorKey{}).(Actor); ok {
		return a
	}
	return Actor{Kind: ActorHub, ID: "uzel"}
}

// Meta is what the store keeps with every record. The store alone writes it.
type Meta struct {
	// Version counts the puts of the record, from 1. A put with another version
	// than the stored one is refused with KindConflict; it is the ETag of REST.
	Version   uint64     `json:"version"`
	CreatedAt time.Time  `json:"created_at"`
	UpdatedAt time.Time  `json:"updated_at"`
	DeletedAt *time.Time `json:"deleted_at,omitempty"`
}

// RecordMeta gives the store access to the embedded Meta.
func (m *Meta) RecordMeta() *Meta { return m }

// Record is a noun the store can keep.
type Record interface {
	RecordKey() string // the primary key, not empty, no zero byte
	RecordMeta() *Meta
}

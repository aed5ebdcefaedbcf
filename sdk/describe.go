package sdk

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"time"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
	"github.com/uzel-hub/uzel/sdk/internal/form"
)

// Version of the sdk, told to the hub in the description.
const Version = "1.0.0"

// The abilities of a connector, as its description names them.
const (
	AbilityReceive = "receive"
	AbilitySend    = "send"
	AbilityTrack   = "track"
	AbilityHook    = "hook"
	AbilityOperate = "operate"
)

// described is a Connector whose settings type is forgotten.
type described struct {
	*pluginv1.Description
	settings   form.Form
	operations map[string]operation
	open       func(ctx context.Context, s given, env Env) (Channel, error)
}

// given are settings as they come, unchecked.
type given struct {
	json      []byte
	secrets   map[string]string
	generated map[string]string
}

type operation struct {
	Operation
	input, output form.Form
}

var (
	nameForm    = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)
	versionForm = regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`)
)

// describe checks what the author declared; the error names every mistake.
func describe[C any](c Connector[C]) (*described, error) {
	settings, err := formOf(reflect.TypeFor[C]())
	faults := []error{err}
	say := func(wrong bool, format string, args ...any) {
		if wrong {
			faults = append(faults, fmt.Errorf("connector %s: %s", c.Name, fmt.Sprintf(format, args...)))
		}
	}
	say(!nameForm.MatchString(c.Name), "Name must be Latin lower case")
	say(c.Title == "", "no Title")
	say(c.Summary == "", "no Summary")
	say(!versionForm.MatchString(c.Version), "Version %q is not a semantic version", c.Version)
	say(c.New == nil, "no New")
	say(c.Type == nil, "no Type: give a nil pointer of the type New returns")

	abilities := abilitiesOf(c.Type)
	can := func(a string) bool { return slices.Contains(abilities, a) }
	say(can(AbilitySend) != (len(c.Purposes) > 0), "Purposes belong to a Sender and are obligatory there")
	say((can(AbilityReceive) || can(AbilityHook)) != (len(c.Kinds) > 0), "Kinds belong to a Receiver or Hook and are obligatory there")
	say(can(AbilityTrack) && !can(AbilitySend), "a Tracker must be a Sender")
	say(can(AbilityOperate) != (len(c.Operations) > 0), "Operations belong to an Operator and are obligatory there")
	for _, p := range c.Purposes {
		say(!slices.Contains(purposes, p), "unknown purpose %q", p)
	}
	for _, k := range c.Kinds {
		say(!slices.Contains(kinds, k), "unknown kind %q", k)
	}
	operations, opFaults := operationsOf(c.Operations)
	faults = append(faults, opFaults...)
	directories, dirFaults := directoriesTo(c.Directories)
	faults = append(faults, dirFaults...)
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}

	d := &described{settings: settings, operations: operations}
	d.Description = &pluginv1.Description{
		Name: c.Name, Title: c.Title, Summary: c.Summary, Version: c.Version, Sdk: "go " + Version,
		Abilities: abilities, Calls: c.Calls, Limits: limitsTo(c.Limits),
		SettingsSchema: settings.Schema(), Generated: generated(settings, ""), Directories: directories,
	}
	for _, p := range c.Purposes {
		d.Purposes = append(d.Purposes, string(p))
	}
	for _, k := range c.Kinds {
		d.Kinds = append(d.Kinds, string(k))
	}
	for _, op := range c.Operations {
		d.Operations = append(d.Operations, operationTo(operations[op.Name]))
	}
	d.open = func(ctx context.Context, g given, env Env) (Channel, error) {
		var values C
		if err := faulty("config", "settings.invalid", settings.DecodeGenerated(g.json, g.secrets, g.generated, &values)); err != nil {
			return nil, err
		}
		return c.New(ctx, values, env)
	}
	return d, nil
}

var (
	purposes = []Purpose{PurposeAnswer, PurposePerformer, PurposeStatus, PurposeNotice, PurposeForward, PurposeDocument}
	kinds    = []Kind{KindLetter, KindAppeal, KindChat, KindCall, KindStatus, KindReport}
	places   = []Place{PlaceDocument, PlaceAccount, PlaceChannel, PlaceService}
)

func abilitiesOf(ch Channel) (abilities []string) {
	add := func(ok bool, name string) {
		if ok {
			abilities = append(abilities, name)
		}
	}
	_, ok := ch.(Receiver)
	add(ok, AbilityReceive)
	_, ok = ch.(Sender)
	add(ok, AbilitySend)
	_, ok = ch.(Tracker)
	add(ok, AbilityTrack)
	_, ok = ch.(Hook)
	add(ok, AbilityHook)
	_, ok = ch.(Operator)
	add(ok, AbilityOperate)
	return abilities
}

func operationsOf(list []Operation) (map[string]operation, []error) {
	ops, faults := map[string]operation{}, []error(nil)
	for _, op := range list {
		say := func(wrong bool, format string, args ...any) {
			if wrong {
				faults = append(faults, fmt.Errorf("operation %s: %s", op.Name, fmt.Sprintf(format, args...)))
			}
		}
		_, twice := ops[op.Name]
		say(twice, "declared twice")
		say(!nameForm.MatchString(op.Name), "Name must be Latin lower case")
		say(op.Title == "", "no Title")
		say(!slices.Contains(places, op.Place), "unknown Place %q", op.Place)
		say(op.Schedule != 0 && op.Place != PlaceChannel, "only a channel's operation can have a Schedule")
		say(op.Schedule < 0 || op.Schedule > 0 && op.Schedule < time.Second, "Schedule must be a second or more")
		o := operation{Operation: op}
		var err error
		o.input, err = optionalForm(op.Input)
		say(err != nil, "Input: %v", err)
		o.output, err = optionalForm(op.Output)
		say(err != nil, "Output: %v", err)
		ops[op.Name] = o
	}
	return ops, faults
}

func optionalForm(v any) (form.Form, error) {
	if v == nil {
		return form.Form{}, nil
	}
	return formOf(reflect.TypeOf(v))
}

func operationTo(op operation) *pluginv1.Operation {
	out := &pluginv1.Operation{
		Name: op.Name, Title: op.Title, Help: op.Help, Place: string(op.Place),
		InputSchema: op.input.Schema(), OutputSchema: op.output.Schema(),
		FilesIn: op.FilesIn, FilesOut: op.FilesOut, Confirm: op.Confirm, Roles: op.Roles,
	}
	if op.Schedule > 0 {
		out.Schedule = op.Schedule.String()
	}
	return out
}

func limitsTo(l Limits) *pluginv1.Limits {
	return &pluginv1.Limits{
		MessageBytes: l.MessageBytes, FileBytes: l.FileBytes, Files: int32(l.Files), TextRunes: l.TextRunes,
		FileTypes: l.FileTypes, MayWriteFirst: l.MayWriteFirst, KnowsDelivered: l.KnowsDelivered, KnowsRead: l.KnowsRead,
		Concurrency: int32(max(l.Concurrency, 1)), PerSecond: l.PerSecond, Idempotent: l.Idempotent,
	}
}

// generated lists the paths of fields the hub fills in.
func generated(f form.Form, path string) (paths []string) {
	for i := range f {
		at := path + f[i].Name
		if f[i].Generated != "" {
			paths = append(paths, at)
		}
		if f[i].Type == form.Group {
			paths = append(paths, generated(f[i].Fields, at+".")...)
		}
	}
	return paths
}

// unimplemented is the answer to what the connector has no ability for.
func unimplemented(ability string) error {
	return &Error{
		Kind: "invalid", Code: plugin.CodeUnimplemented, Source: "plugin",
		Text: "коннектор этого не умеет (" + ability + ")",
	}
}

package main

import (
	"bytes"
	"fmt"
	"os"
	"time"

	"github.com/hashicorp/go-hclog"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
	"github.com/uzel-hub/uzel/sdk"
)

// garbage is a connector that does not keep to the protocol.
type garbage struct {
	pluginv1.PluginServer
	how string
}

func serveGarbage(c sdk.Connector[settings], how string) {
	log := hclog.New(&hclog.LoggerOptions{Output: os.Stderr, JSONFormat: true})
	server, err := sdk.NewServer(c, log)
	if err != nil {
		panic(err)
	}
	plugin.Serve(&garbage{PluginServer: server, how: how}, log)
}

// Send of a deaf plugin takes nothing.
func (g *garbage) Send(stream pluginv1.Plugin_SendServer) error {
	if g.how != "deaf" {
		return g.PluginServer.Send(stream)
	}
	<-stream.Context().Done()
	return nil
}

func frame(f *pluginv1.MessageFrame) *pluginv1.ReceiveDown {
	return &pluginv1.ReceiveDown{Step: &pluginv1.ReceiveDown_Frame{Frame: f}}
}

func head(id string) *pluginv1.Message { return &pluginv1.Message{ExternalId: id, Kind: "letter"} }

func (g *garbage) Receive(stream pluginv1.Plugin_ReceiveServer) error {
	if _, err := stream.Recv(); err != nil {
		return err
	}
	// A good message first: what was right stays right.
	good := &pluginv1.MessageFrame{Seq: 1, Head: head("good"), End: true, HasCursor: true, Cursor: []byte("1")}
	if err := stream.Send(frame(good)); err != nil {
		return err
	}
	if _, err := stream.Recv(); err != nil {
		return err
	}
	switch g.how {
	case "order":
		stream.Send(frame(&pluginv1.MessageFrame{Seq: 1, Head: head("twice"), End: true}))
	case "headless":
		stream.Send(frame(&pluginv1.MessageFrame{Seq: 2, Piece: []byte("x")}))
	case "piece":
		stream.Send(frame(&pluginv1.MessageFrame{Seq: 2, Head: head("piece"), Piece: []byte("x")}))
	case "empty":
		stream.Send(&pluginv1.ReceiveDown{})
	case "large":
		stream.Send(frame(&pluginv1.MessageFrame{Seq: 2, Head: head("large"), Piece: make([]byte, 5<<20)}))
	case "unread": // never reads an acknowledgement, floods all the same
		for seq := uint64(2); ; seq++ {
			if err := stream.Send(frame(&pluginv1.MessageFrame{Seq: seq, Head: head(fmt.Sprint("u", seq)), End: true})); err != nil {
				return err
			}
		}
	case "log":
		line := append(bytes.Repeat([]byte("flood "), 1000), '\n')
		for n := 0; stream.Context().Err() == nil; n++ {
			os.Stderr.Write(line)
			if n > 2000 {
				time.Sleep(time.Millisecond)
			}
		}
	case "fault":
		return status.Error(codes.DataLoss, "nonsense")
	}
	time.Sleep(time.Minute)
	return nil
}

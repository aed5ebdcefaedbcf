package plugin

import "google.golang.org/grpc"

// How much may be under way on one connection. A stream's window holds four
// pieces of a file, the connection's all the streams of a busy channel; the
// buffers are large enough that a whole small message is one write.
const (
	// FrameLimit is the largest frame either end accepts, gRPC's own default.
	// It bounds what a connector can make the hub hold in memory at once.
	FrameLimit = 4 << 20

	streamWindow = 1 << 20
	connWindow   = 4 << 20
	buffer       = 128 << 10
)

// DialOptions is the tuning of the hub's side.
func DialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithStaticStreamWindowSize(streamWindow),
		grpc.WithStaticConnWindowSize(connWindow),
		grpc.WithReadBufferSize(buffer),
		grpc.WithWriteBufferSize(buffer),
		grpc.WithDefaultCallOptions(
			grpc.MaxCallRecvMsgSize(FrameLimit),
			grpc.MaxCallSendMsgSize(FrameLimit),
		),
	}
}

// ServerOptions is the tuning of the connector's side.
func ServerOptions() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.StaticStreamWindowSize(streamWindow),
		grpc.StaticConnWindowSize(connWindow),
		grpc.ReadBufferSize(buffer),
		grpc.WriteBufferSize(buffer),
		grpc.MaxRecvMsgSize(FrameLimit),
		grpc.MaxSendMsgSize(FrameLimit),
	}
}

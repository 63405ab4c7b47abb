package sandbox

import (
	"context"
	"os"
	"testing"
	"time"
)

func TestZZServe(t *testing.T) {
	if os.Getenv("ZZ") == "" {
		t.Skip()
	}
	ctx, c := context.WithTimeout(context.Background(), 20*time.Minute)
	defer c()
	d := os.Getenv("ZZ")
	t.Log(Run(ctx, Config{Listen: "127.0.0.1:18081", ListenSMTP: "127.0.0.1:18025", DataDir: d, OutboundDir: d + "/out", InboundDir: d + "/in"}))
}

package store

import (
	"testing"

	"github.com/redis/go-redis/v9"
)

// TestConnectionsAreSmall: whatever is connected to, no connection takes more memory than ours need, and those of pipelines do not
// either, for which the driver has a default of its own.
func TestConnectionsAreSmall(t *testing.T) {
	for name, o := range map[string]Options{
		"single":   {URL: "redis://127.0.0.1:6379"},
		"sentinel": {Sentinel: Sentinel{Master: "line", Addresses: []string{"127.0.0.1:26379"}}},
		"cluster":  {Cluster: []string{"127.0.0.1:7001"}},
	} {
		t.Run(name, func(t *testing.T) {
			client, err := connect(o, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			var sizes [4]int
			switch c := client.(type) {
			case *redis.Client:
				o := c.Options()
				sizes = [...]int{o.ReadBufferSize, o.WriteBufferSize, o.PipelineReadBufferSize, o.PipelineWriteBufferSize}
			case *redis.ClusterClient:
				o := c.Options()
				sizes = [...]int{o.ReadBufferSize, o.WriteBufferSize, o.PipelineReadBufferSize, o.PipelineWriteBufferSize}
			}
			if want := [...]int{buffers, buffers, buffers, buffers}; sizes != want {
				t.Errorf("buffers of %v bytes, not %v", sizes, want)
			}
		})
	}
}

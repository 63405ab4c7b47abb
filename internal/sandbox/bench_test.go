package sandbox

import (
	"testing"
)

// BenchmarkPay is one card payment as the product makes it: a token, an intent and its confirmation, all durable.
func BenchmarkPay(b *testing.B) {
	c := start(b, Config{})
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, status, a := c.pay("4242424242424242"); status != 200 {
				b.Errorf("%d %v", status, a)
			}
		}
	})
	b.ReportMetric(3*float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}

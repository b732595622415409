package chat_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"guildhall/server/ids"
	"guildhall/server/testkit"
)

// BenchmarkCommitter is how many messages a second one room takes of 128
// senders, on a disk that is waited for. Each operation is one message.
func BenchmarkCommitter(b *testing.B) {
	d, _ := testkit.PrivateDB(b)
	w := testkit.New(b, testkit.Options{DB: d})
	var room struct{ ID ids.ID }
	w.As("facilitator").Post(testkit.Path("/spaces/%s/rooms", w.Space("cohortA")), map[string]any{"name": "Busy"}).Expect(201).JSON(&room)
	author, called := w.As("member").ID, w.As("facilitator").ID
	const words = "The new contract for waste saves us about a tenth, and %d of the depots could share it."
	for name, body := range map[string]string{"plain": words, "calling somebody": fmt.Sprintf("[@Ruth](/people/%s) ", called) + words} {
		b.Run(name, func(b *testing.B) {
			const senders = 128
			var all sync.WaitGroup
			began := time.Now()
			for sender := range senders {
				all.Go(func() {
					for n := sender; n < b.N; n += senders {
						if err := w.Chat.Store(context.Background(), room.ID, w.Space("cohortA"), author, fmt.Sprintf(body, n)); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			all.Wait()
			b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "messages/s")
		})
	}
}

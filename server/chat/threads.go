package chat

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"guildhall/server/access"
	"guildhall/server/accounts"
	"guildhall/server/api"
	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/ids"
	"guildhall/server/markup"
	"guildhall/server/problem"
)

// mostFaces is how many of those who replied are shown below a message.
const mostFaces = 3

// Thread is what hangs on a message: its live replies. A thread has one level.
type Thread struct {
	Replies int               `json:"replies" db:"replies" minimum:"0"`
	LastSeq int64             `json:"lastSeq" db:"last_reply_seq" doc:"The number of the last reply, 0 without one"`
	LastAt  *time.Time        `json:"lastAt" db:"last_reply_at"`
	People  []accounts.Person `json:"people" db:"-" nullable:"false" maxItems:"3" doc:"Who replied last, the latest first"`

	Seq int64 `json:"-" db:"seq"` // of its first message
}

// add counts a reply.
func (t *Thread) add(m *Message) {
	people := slices.DeleteFunc(slices.Clone(t.People), func(p accounts.Person) bool { return p.ID == m.Author.ID })
	people = append([]accounts.Person{m.Author}, people...)
	at := m.CreatedAt
	t.Replies, t.LastSeq, t.LastAt, t.People = t.Replies+1, m.Seq, &at, people[:min(len(people), mostFaces)]
}

func (t *Thread) repliers() []ids.ID {
	out := make([]ids.ID, len(t.People))
	for i, p := range t.People {
		out[i] = p.ID
	}
	return out
}

// of is the number that decides who may see the message: its own, or of a
// reply that of the message which it answers.
func (m *Message) of() int64 {
	if m.ThreadID != 0 && m.Thread != nil {
		return m.Thread.Seq
	}
	return m.Seq
}

// fillThreads gives each message the thread that hangs on it or that it is in.
func fillThreads(ctx context.Context, q db.Q, list []Message) error {
	var wanted []ids.ID
	for _, m := range list {
		if id := m.threadOf(); id != 0 {
			wanted = append(wanted, id)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	roots, err := getRoots(ctx, q, wanted)
	if err != nil {
		return fmt.Errorf("load threads: %w", err)
	}
	for i := range list {
		if r := roots[list[i].threadOf()]; r != nil {
			list[i].Thread = &r.Thread
		}
	}
	return nil
}

// threadOf names the thread that there is to tell of, 0 for none.
func (m *Message) threadOf() ids.ID {
	if m.ThreadID == 0 && m.replies > 0 {
		return m.ID
	}
	return m.ThreadID
}

// roots are the first messages of the threads that a batch replies to.
type roots map[ids.ID]*root

func rootsOf(ctx context.Context, tx *db.Tx, batch []*post) (roots, error) {
	var wanted []ids.ID
	for _, p := range batch {
		if p.message.ThreadID != 0 {
			wanted = append(wanted, p.message.ThreadID)
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	return getRoots(ctx, tx, wanted)
}

// refusal says why a post may not be a reply where it wants to be. What the
// author may not see is no thread.
func (r roots) refusal(p *post, from int64) error {
	if p.message.ThreadID == 0 {
		return nil
	}
	switch t := r[p.message.ThreadID]; {
	case t == nil || t.RoomID != p.message.RoomID || t.Seq <= from || !t.Alone:
		return problem.Invalid("body.threadId", "there is no such message in this room that one could reply to")
	case t.Deleted:
		return problem.Conflict("message-deleted", "The message that this answers was deleted.")
	}
	return nil
}

// grow counts the replies of a batch that has been numbered and stored, and
// says who follows their threads: who wrote the first message, who replies,
// and whom either calls; @room in a reply calls everybody into the thread, as
// its author was told, so that they find it in their list and can read it away.
func (r roots) grow(ctx context.Context, tx *db.Tx, fresh []*post) error {
	grown := map[ids.ID]*root{}
	following := map[[2]ids.ID]follower{}
	follow := func(account, thread ids.ID, after int64, wrote bool) {
		k := [2]ids.ID{account, thread}
		if f, ok := following[k]; ok {
			after, wrote = min(after, f.after), wrote || f.wrote
		}
		following[k] = follower{account, thread, after, wrote}
	}
	for _, p := range fresh {
		m := &p.message
		t := r[m.ThreadID]
		if t == nil {
			continue
		}
		if t.Replies == 0 {
			called, _ := markup.Mentions(t.Body)
			for _, account := range append(called, t.AuthorID) {
				follow(account, t.ID, t.Seq, false)
			}
		}
		t.add(m)
		now := t.Thread
		m.Thread, grown[t.ID] = &now, t
		follow(m.Author.ID, t.ID, m.Seq, true)
		called, _ := markup.Mentions(m.Body)
		for _, account := range called {
			follow(account, t.ID, m.Seq-1, false)
		}
	}
	if len(grown) == 0 {
		return nil
	}
	if err := updateRoots(ctx, tx, slices.Collect(maps.Values(grown))); err != nil {
		return fmt.Errorf("count replies: %w", err)
	}
	added, err := insertFollowers(ctx, tx, slices.Collect(maps.Values(following)))
	if err != nil {
		return fmt.Errorf("follow threads: %w", err)
	}
	for _, p := range fresh {
		if !p.calls.room || r[p.message.ThreadID] == nil {
			continue
		}
		called, err := insertCalled(ctx, tx, p.message.ThreadID, p.message.Seq-1)
		if err != nil {
			return fmt.Errorf("call everybody into a thread: %w", err)
		}
		added = append(added, called...)
	}
	return tellFollowers(ctx, tx, added)
}

// tellFollowers tells the devices of people how they stand to threads.
func tellFollowers(ctx context.Context, tx *db.Tx, list []follower) error {
	if len(list) == 0 {
		return nil
	}
	marks, err := listThreadMarks(ctx, tx, list)
	if err != nil {
		return fmt.Errorf("read marks: %w", err)
	}
	for _, m := range marks {
		emitMark(ctx, tx, m.Account, m.ThreadMark)
	}
	return nil
}

// leaveThread takes a deleted reply out of the counts of its thread.
func (s *Service) leaveThread(ctx context.Context, tx *db.Tx, m *Message) error {
	if err := recountThread(ctx, tx, m.ThreadID); err != nil {
		return fmt.Errorf("count replies: %w", err)
	}
	list := []Message{*m}
	err := fillThreads(ctx, tx, list)
	m.Thread = list[0].Thread
	return err
}

// ThreadMark is how a person stands to a thread. It is also the frame that
// tells their devices.
type ThreadMark struct {
	Type        string `json:"type" db:"type" enum:"thread-read"`
	Room        ids.ID `json:"room" db:"room_id"`
	Thread      ids.ID `json:"thread" db:"thread_id"`
	Following   bool   `json:"following" db:"following"`
	LastReadSeq int64  `json:"lastReadSeq" db:"last_read_seq"`
	LastSeq     int64  `json:"lastSeq" db:"last_reply_seq" doc:"The last reply when unread was counted"`
	Unread      int    `json:"unread" db:"unread" minimum:"0" maximum:"100" doc:"Others' live replies above the mark of who follows; 100 means 99 or more"`
}

// tellThread gives the person's mark in a thread and tells their devices.
func tellThread(ctx context.Context, tx *db.Tx, account, thread ids.ID) (*ThreadMark, error) {
	m, err := getThreadMark(ctx, tx, account, thread)
	if err != nil {
		return nil, fmt.Errorf("read mark: %w", err)
	}
	emitMark(ctx, tx, account, m)
	return &m, nil
}

func emitMark(ctx context.Context, tx *db.Tx, account ids.ID, m ThreadMark) {
	events.Emit(ctx, tx, events.ThreadRead{
		RoomID: m.Room, ThreadID: m.Thread, AccountID: account, Following: m.Following, LastReadSeq: m.LastReadSeq, LastSeq: m.LastSeq, Unread: m.Unread,
	})
}

// ThreadHistory is a thread: its first message and a stretch of its replies.
type ThreadHistory struct {
	Root      Message    `json:"root"`
	Mark      ThreadMark `json:"mark"`
	Items     []Message  `json:"items" nullable:"false"`
	Head      int64      `json:"head" doc:"The last number given in the room, changes included"`
	HasBefore bool       `json:"hasBefore"`
	HasAfter  bool       `json:"hasAfter"`
}

// Thread reads the thread that a message opens or is in.
func (s *Service) Thread(ctx context.Context, who access.Actor, message ids.ID, span Span) (*ThreadHistory, error) {
	at, id, err := s.thread(ctx, who, message)
	if err != nil {
		return nil, err
	}
	root, err := getMessage(ctx, s.db, id)
	if err != nil {
		return nil, fmt.Errorf("load thread: %w", err)
	}
	root.forReader(who, at.Role)
	mark, err := getThreadMark(ctx, s.db, who.ID, id)
	if err != nil {
		return nil, fmt.Errorf("read mark: %w", err)
	}
	at.FromSeq = root.Seq
	replies := source{
		before: func(seq int64, limit int) ([]Message, error) { return repliesBefore(ctx, s.db, id, seq, limit) },
		after:  func(seq int64, limit int) ([]Message, error) { return repliesAfter(ctx, s.db, id, seq, limit) },
	}
	h, err := s.stretch(who, at, replies, span)
	if err != nil {
		return nil, err
	}
	for i := range h.Items {
		h.Items[i].Thread = nil // it is the one that is read
	}
	return &ThreadHistory{Root: root, Mark: mark, Items: h.Items, Head: h.Head, HasBefore: h.HasBefore, HasAfter: h.HasAfter}, nil
}

// thread gives the person's seat in the room of a thread that they may see, and
// the thread's id.
func (s *Service) thread(ctx context.Context, who access.Actor, message ids.ID) (seat, ids.ID, error) {
	at, id, err := findThread(ctx, s.db, who.ID, message)
	if db.NoRows(err) {
		return seat{}, 0, problem.NotFound("message")
	}
	if err != nil {
		return seat{}, 0, fmt.Errorf("find thread: %w", err)
	}
	return at, id, at.Role.Must(access.ViewRoom, "message")
}

// ReadThread says that the person has read a thread up to seq; a lower number
// than before changes nothing, and of a thread that they do not follow nothing
// is kept. It gives the state that all their devices show.
func (s *Service) ReadThread(ctx context.Context, who access.Actor, message ids.ID, seq int64) (*ThreadMark, error) {
	at, id, err := s.thread(ctx, who, message)
	if err != nil {
		return nil, err
	}
	return s.mark(ctx, who, id, func(tx *db.Tx) error { return raiseThread(ctx, tx, who.ID, id, min(seq, at.Head)) })
}

// FollowThread says whether the person wants to know of what is said in a
// thread from now on.
func (s *Service) FollowThread(ctx context.Context, who access.Actor, message ids.ID, following bool) (*ThreadMark, error) {
	_, id, err := s.thread(ctx, who, message)
	if err != nil {
		return nil, err
	}
	return s.mark(ctx, who, id, func(tx *db.Tx) error { return upsertFollowing(ctx, tx, who.ID, id, following) })
}

func (s *Service) mark(ctx context.Context, who access.Actor, thread ids.ID, change func(*db.Tx) error) (m *ThreadMark, err error) {
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := change(tx); err != nil {
			return fmt.Errorf("mark thread: %w", err)
		}
		m, err = tellThread(ctx, tx, who.ID, thread)
		return err
	})
	return m, err
}

// FollowedThread is a thread in the list of those that somebody follows.
type FollowedThread struct {
	Root      Message    `json:"root"`
	Mark      ThreadMark `json:"mark"`
	Kind      Kind       `json:"kind" enum:"open,private,direct,group" doc:"Of the room"`
	RoomName  string     `json:"roomName" doc:"Empty for a conversation without a name"`
	SpaceName string     `json:"spaceName" doc:"Empty for a conversation"`
	Muted     bool       `json:"muted" doc:"The reader muted its room: it shows no badge"`
}

// Threads is one page of the threads that somebody follows.
type Threads struct {
	Items  []FollowedThread `json:"items" nullable:"false"`
	Next   string           `json:"next,omitempty" doc:"Send it as cursor to get the next page"`
	Unread int              `json:"unread" minimum:"0" maximum:"100" doc:"How many of all of them hold something new, those of muted rooms left out; 100 means 99 or more"`
}

// Threads lists the threads that the person follows: those with something new
// first, then the last spoken in.
func (s *Service) Threads(ctx context.Context, who access.Actor, cursor string, limit int) (*Threads, error) {
	before := threadPlace{Fresh: 2, At: farOff, ID: 1 << 62}
	if err := api.ReadCursor(cursor, &before.Fresh, &before.At, &before.ID); err != nil {
		return nil, err
	}
	rows, err := listThreads(ctx, s.db, who.ID, before, limit+1)
	if err != nil {
		return nil, fmt.Errorf("list threads: %w", err)
	}
	page := api.Cut(rows, limit, func(r threadRow) string { return api.Cursor(r.Fresh, r.At, r.ID) })
	wanted := make([]ids.ID, len(page.Items))
	for i, r := range page.Items {
		wanted[i] = r.ID
	}
	found, err := getMessages(ctx, s.db, wanted)
	if err != nil {
		return nil, fmt.Errorf("load threads: %w", err)
	}
	out := Threads{Items: []FollowedThread{}, Next: page.Next}
	for _, r := range page.Items {
		if found[r.ID] == nil {
			continue
		}
		out.Unread = r.All
		out.Items = append(out.Items, FollowedThread{
			Root: *found[r.ID], Kind: r.Kind, RoomName: r.RoomName, SpaceName: r.SpaceName, Muted: r.Muted,
			Mark: ThreadMark{Type: "thread-read", Room: r.RoomID, Thread: r.ID, Following: true, LastReadSeq: r.LastReadSeq, LastSeq: r.LastSeq, Unread: r.Unread},
		})
	}
	return &out, nil
}

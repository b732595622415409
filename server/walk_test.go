package server_test

import (
	"context"
	"encoding/json"
	"maps"
	"regexp"
	"strings"
	"testing"
	"time"

	"guildhall/server/access"
	"guildhall/server/api"
	"guildhall/server/clock"
	"guildhall/server/db"
	"guildhall/server/ids"
	"guildhall/server/library"
	"guildhall/server/testkit"
)

// row says how an operation keeps what is private private.
type row struct {
	kind string // public, own, list, thing
	why  string // for own: why no foreign thing can be named
	body any    // for thing: a valid body
	role string // for thing: the role that an insider lacks, if any
}

// walk has a row for each operation. One without a row fails the test.
var walk = map[string]row{
	"get-site":            {kind: "public"},
	"ask-code":            {kind: "public"},
	"verify-code":         {kind: "public"},
	"demo-sign-in":        {kind: "public"},
	"sign-out":            {kind: "own", why: "ends the session of the cookie"},
	"list-sessions":       {kind: "own", why: "lists the caller's sessions"},
	"end-other-sessions":  {kind: "own", why: "ends the caller's sessions"},
	"end-session":         {kind: "thing"},
	"get-me":              {kind: "own", why: "is the caller"},
	"edit-me":             {kind: "own", why: "changes the caller"},
	"list-people":         {kind: "list"},
	"get-person":          {kind: "thing"},
	"list-organisations":  {kind: "list"},
	"get-organisation":    {kind: "own", why: "councils are public knowledge"},
	"list-service-areas":  {kind: "list"},
	"list-spaces":         {kind: "list"},
	"open-space":          {kind: "own", why: "admins only, by its door"},
	"get-space":           {kind: "thing"},
	"edit-space":          {kind: "thing", body: map[string]any{"name": "X", "description": "", "residentialFrom": nil, "residentialTo": nil, "reviewDay": nil, "version": 1}, role: "member"},
	"join-space":          {kind: "thing"},
	"step-in":             {kind: "thing", role: "member"},
	"list-members":        {kind: "thing"},
	"add-member":          {kind: "thing", body: map[string]any{"email": "new@council.example", "name": "New"}, role: "member"},
	"set-role":            {kind: "thing", body: map[string]any{"role": "member", "version": 1}, role: "member"},
	"remove-member":       {kind: "thing", role: "member"},
	"list-space-audit":    {kind: "thing", role: "member"},
	"list-my-rooms":       {kind: "list"},
	"list-rooms":          {kind: "thing"},
	"make-room":           {kind: "thing", body: map[string]any{"name": "X"}, role: "member"},
	"get-room":            {kind: "thing"},
	"edit-room":           {kind: "thing", body: map[string]any{"name": "X", "topic": "", "archived": false, "retentionDays": nil, "version": 1}, role: "member"},
	"set-room":            {kind: "thing", body: map[string]any{"notify": "all", "muted": false}},
	"join-room":           {kind: "thing"},
	"list-room-people":    {kind: "thing"},
	"invite-to-room":      {kind: "thing", body: map[string]any{"people": []string{"1"}, "history": "new"}, role: "member"},
	"leave-room":          {kind: "thing", role: "member"},
	"list-conversations":  {kind: "list"},
	"converse":            {kind: "own", why: "people whom the caller shares no space with are refused as if they were not"},
	"list-messages":       {kind: "thing"},
	"start-upload":        {kind: "thing", body: map[string]any{"name": "x.txt", "size": 1}},
	"get-upload":          {kind: "thing"},
	"add-part":            {kind: "thing", body: "X"},
	"describe-attachment": {kind: "thing", body: map[string]any{"alt": "X"}},
	"remove-upload":       {kind: "thing"},
	"get-attachment":      {kind: "thing"},
	"get-thumbnail":       {kind: "thing"},
	"post-message":        {kind: "thing", body: map[string]any{"clientId": "018f2b6e-1111-7abc-8def-0123456789ab", "body": "X"}},
	"list-changes":        {kind: "thing"},
	"mark-room-read":      {kind: "thing", body: map[string]any{"seq": 1}},
	"mark-room-unread":    {kind: "thing", body: map[string]any{"seq": 1}},
	"list-threads":        {kind: "list"},
	"get-thread":          {kind: "thing"},
	"mark-thread-read":    {kind: "thing", body: map[string]any{"seq": 1}},
	"follow-thread":       {kind: "thing", body: map[string]any{"following": true}},
	"edit-message":        {kind: "thing", body: map[string]any{"body": "X", "version": 1}, role: "facilitator"},
	"delete-message":      {kind: "thing", role: "facilitator"},
	"preview-markup":      {kind: "own", why: "renders the caller's own words"},

	"list-drafts":          {kind: "own", why: "lists the caller's drafts"},
	"keep-draft":           {kind: "thing", body: map[string]any{"body": "X"}},
	"list-scheduled":       {kind: "own", why: "lists the caller's messages"},
	"schedule-message":     {kind: "thing", body: map[string]any{"clientId": "018f2b6e-1111-7abc-8def-0123456789ae", "body": "X", "sendAt": "2099-01-01T00:00:00Z"}},
	"edit-scheduled":       {kind: "thing", body: map[string]any{"body": "X", "sendAt": "2099-01-01T00:00:00Z", "version": 1}},
	"drop-scheduled":       {kind: "thing"},
	"get-chat-preferences": {kind: "own", why: "is the caller's"},
	"set-chat-preferences": {kind: "own", why: "changes the caller's"},
	"search-messages":      {kind: "list"},
	"list-readers":         {kind: "thing"},
	"try-retention":        {kind: "thing", role: "member"},

	"react":                 {kind: "thing"},
	"unreact":               {kind: "thing"},
	"pin-message":           {kind: "thing", role: "member"},
	"unpin-message":         {kind: "thing", role: "member"},
	"list-pins":             {kind: "thing"},
	"list-message-versions": {kind: "thing"},

	"list-my-topics":     {kind: "list"},
	"list-topics":        {kind: "thing"},
	"start-topic":        {kind: "thing", body: map[string]any{"clientId": "018f2b6e-1111-7abc-8def-0123456789ac", "title": "X", "body": "X"}},
	"get-topic":          {kind: "thing"},
	"edit-topic":         {kind: "thing", body: map[string]any{"pinned": true, "version": 1}, role: "member"},
	"list-posts":         {kind: "thing"},
	"add-post":           {kind: "thing", body: map[string]any{"clientId": "018f2b6e-1111-7abc-8def-0123456789ad", "body": "X"}},
	"mark-topic-read":    {kind: "thing", body: map[string]any{"number": 1}},
	"edit-post":          {kind: "thing", body: map[string]any{"body": "X", "version": 1}, role: "facilitator"},
	"delete-post":        {kind: "thing", role: "facilitator"},
	"list-post-versions": {kind: "thing"},
	"search-everything":  {kind: "list"},
	"list-cards":         {kind: "list"},
	"find-stories":       {kind: "list"},
	"poll-live":          {kind: "own", why: "another's connection answers as one that never was, 410 (realtime)"},
	"say-live":           {kind: "own", why: "another's connection answers as one that never was, 410 (realtime)"},
	"leave-live":         {kind: "own", why: "another's connection answers as one that never was, 410 (realtime)"},
	"get-story":          {kind: "thing"},
}

var place = regexp.MustCompile(`\{(\w+)\}`)

// TestWalk calls every operation as those who may not.
func TestWalk(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	secret := "Zanzibar" // in everything that is private to cohort A
	things := private(w, secret)
	left := maps.Clone(walk)
	for _, op := range w.Router.Ops() {
		delete(left, op.ID)
		r, ok := walk[op.ID]
		if !ok {
			t.Errorf("%s %s (%s) has no row in the walk", op.Method, op.Path, op.ID)
			continue
		}
		foreign, missing := path(t, op, things), path(t, op, nil)
		if r.kind == "public" {
			if op.Door != api.Public {
				t.Errorf("%s: its row says public, its door says %s", op.ID, op.Door)
			}
			continue
		}
		if a := w.As("stranger").Send(op.Method, foreign, "{"); a.Status != 401 {
			t.Errorf("%s: a stranger got %d: %s", op.ID, a.Status, a.Body)
		}
		switch r.kind {
		case "own":
			if r.why == "" {
				t.Errorf("%s: say why no foreign thing can be named", op.ID)
			}
		case "list":
			if a := w.As("outsider").Send(op.Method, foreign, nil); a.Status != 200 || strings.Contains(a.Body, secret) {
				t.Errorf("%s: an outsider's list answered %d: %s", op.ID, a.Status, a.Body)
			}
		case "thing":
			there, never := w.As("outsider").Send(op.Method, foreign, r.body), w.As("outsider").Send(op.Method, missing, r.body)
			if there.Status != 404 || bland(t, there.Body) != bland(t, never.Body) || never.Status != 404 {
				t.Errorf("%s: an outsider got %d %s, and for an id that never was %d %s", op.ID, there.Status, there.Body, never.Status, never.Body)
			}
			if r.role != "" {
				if a := w.As(r.role).Send(op.Method, foreign, r.body); a.Status != 403 {
					t.Errorf("%s: a %s got %d, want 403: %s", op.ID, r.role, a.Status, a.Body)
				}
			}
		}
	}
	for id := range left {
		t.Errorf("the row %s is of no operation", id)
	}
}

// private makes one of everything in cohort A and gives their ids by the name
// of the path parameter.
func private(w *testkit.World, secret string) map[string]ids.ID {
	var room, topic, posts struct {
		ID    ids.ID
		Items []struct{ ID ids.ID }
	}
	space := w.Space("cohortA")
	w.As("facilitator").Post(testkit.Path("/spaces/%s/rooms", space), map[string]any{"name": secret}).Expect(201).JSON(&room)
	things := said(w, room.ID, secret)
	w.As("moderator").Post(testkit.Path("/spaces/%s/topics", space), map[string]any{"clientId": ids.NewUUID(), "title": secret, "body": secret}).Expect(201).JSON(&topic)
	w.As("member").Get(testkit.Path("/topics/%s/posts", topic.ID)).Expect(200).JSON(&posts)
	w.As("moderator").Get(testkit.Path("/attachments/%s/content", things["attachmentId"])).Expect(200)
	var sessions struct{ Items []struct{ ID ids.ID } }
	w.As("member").Get("/api/sessions").Expect(200).JSON(&sessions)
	// Somebody who shares no space with the outsider, not even the network.
	hidden := w.AddPerson(secret, access.SiteMember, map[string]access.Role{"cohortA": access.Member})
	if _, err := w.DB.Exec(`update memberships set ended_at = now() where account_id = $1 and space_id = $2`, hidden.ID, w.Space("network")); err != nil {
		w.T.Fatal(err)
	}
	var story ids.ID
	if err := w.DB.Tx(context.Background(), func(tx *db.Tx) error {
		row := library.Row{
			SourceID: secret, SpaceID: int64(space), Title: secret, Problem: secret, WhatWasDone: secret, Outcome: secret, LeadName: secret,
			Areas: []string{"parks-open-spaces"}, Stage: "live", Evidence: "own figures", Sources: []library.Source{},
		}
		if err := library.Load(context.Background(), tx, []library.Row{row}); err != nil {
			return err
		}
		return tx.Get(&story, `select id from stories where source_id = $1`, secret)
	}); err != nil {
		w.T.Fatal(err)
	}
	w.As("member").Get(testkit.Path("/stories/%s", story)).Expect(200)
	maps.Copy(things, map[string]ids.ID{
		"spaceId": space, "topicId": topic.ID, "postId": posts.Items[0].ID,
		"sessionId": sessions.Items[0].ID, "personId": hidden.ID, "organisationId": 1, "storyId": story,
		"connection": 0, // a live one has a test of its own
	})
	return things
}

// said puts one of everything into a room by the member, who has a seat there,
// and gives it by the names of the path parameters.
func said(w *testkit.World, room ids.ID, secret string) map[string]ids.ID {
	var message, scheduled, file struct{ ID ids.ID }
	post := func(path string, body any) *testkit.Answer {
		return w.As("member").Post(testkit.Path("/rooms/%s/", room)+path, body).Expect(201)
	}
	post("messages", map[string]any{"clientId": ids.NewUUID(), "body": secret}).JSON(&message)
	post("messages", map[string]any{"clientId": ids.NewUUID(), "body": secret, "threadId": message.ID})
	post("scheduled", map[string]any{"clientId": ids.NewUUID(), "body": secret, "sendAt": clock.System().Add(time.Hour).Format(time.RFC3339)}).JSON(&scheduled)
	post("attachments", map[string]any{"name": "x.txt", "size": 6}).JSON(&file)
	w.As("member").Raw("PUT", testkit.Path("/attachments/%s/content?offset=0", file.ID), "application/octet-stream", []byte(secret[:6])).Expect(200)
	post("messages", map[string]any{"clientId": ids.NewUUID(), "body": "", "attachments": []ids.ID{file.ID}})
	return map[string]ids.ID{"roomId": room, "messageId": message.ID, "attachmentId": file.ID, "scheduledId": scheduled.ID}
}

// TestWalkWithoutASeat calls every operation over a private room and over a
// conversation as people who share a space with those who are in them, a
// moderator too, and have no seat there: both are as rooms that never were.
func TestWalkWithoutASeat(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	secret, space := "Zanzibar", w.Space("cohortA")
	w.AddPerson("peer", access.SiteMember, map[string]access.Role{"cohortA": access.Facilitator})
	var private, talk struct{ ID ids.ID }
	w.As("facilitator").Post(testkit.Path("/spaces/%s/rooms", space), map[string]any{"name": secret, "private": true, "people": []ids.ID{w.As("member").ID}}).Expect(201).JSON(&private)
	w.As("member").Post("/api/conversations", map[string]any{"people": []ids.ID{w.As("facilitator").ID}}).Expect(201).JSON(&talk)
	for room, name := range map[ids.ID]string{private.ID: "a private room", talk.ID: "a conversation"} {
		things := said(w, room, secret)
		inside := maps.Clone(things)
		for _, op := range w.Router.Ops() {
			r := walk[op.ID]
			if r.kind != "thing" && r.kind != "list" {
				continue
			}
			things["spaceId"], things["personId"] = space, w.As("member").ID
			for _, other := range []string{"topicId", "postId", "storyId", "sessionId"} {
				things[other] = 987654321
			}
			foreign, missing := path(t, op, things), path(t, op, nil)
			named := place.FindStringSubmatch(op.Path)
			for _, who := range []string{"moderator", "peer", "admin"} {
				if named == nil || named[1] == "spaceId" && op.Method == "GET" {
					if a := w.As(who).Send(op.Method, foreign, nil); strings.Contains(a.Body, secret) || named == nil && a.Status != 200 {
						t.Errorf("%s: of %s a %s got %d %s", op.ID, name, who, a.Status, a.Body)
					}
				} else if _, of := inside[named[1]]; of {
					there, never := w.As(who).Send(op.Method, foreign, r.body), w.As(who).Send(op.Method, missing, r.body)
					if there.Status != 404 || bland(t, there.Body) != bland(t, never.Body) {
						t.Errorf("%s: of %s a %s got %d %s, and of one that never was %d %s", op.ID, name, who, there.Status, there.Body, never.Status, never.Body)
					}
				}
			}
		}
		if a := w.As("facilitator").Get("/api/messages/search?q=Zanzibar&room=" + room.String()).Expect(200); !strings.Contains(a.Body, secret) {
			t.Errorf("of %s who is in it finds nothing: the walk sees no leak either", name)
		}
	}
}

// path fills a path with the things' ids, or with ids that never were.
func path(t *testing.T, op api.Op, things map[string]ids.ID) string {
	query := ""
	switch op.ID {
	case "react", "unreact":
		op.Path = strings.Replace(op.Path, "{name}", "heart", 1)
	case "list-changes":
		query = "?after=0"
	case "add-part":
		query = "?offset=0"
	case "list-cards":
		query = "?of=message:" + things["messageId"].String() + "&of=topic:" + things["topicId"].String() + "&of=story:" + things["storyId"].String() + "&of=person:" + things["personId"].String()
	case "try-retention":
		query = "?days=30"
	case "search-everything", "find-stories", "search-messages":
		query = "?q=Zanzibar"
	}
	return "/api" + place.ReplaceAllStringFunc(op.Path, func(p string) string {
		if things == nil {
			return "987654321"
		}
		id, ok := things[strings.Trim(p, "{}")]
		if !ok {
			t.Fatalf("%s: the walk has nothing for %s", op.ID, p)
		}
		return id.String()
	}) + query
}

// bland is a problem without the id of its request.
func bland(t *testing.T, body string) string {
	var p map[string]any
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	delete(p, "requestId")
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

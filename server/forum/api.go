package forum

import (
	"context"

	"guildhall/server/access"
	"guildhall/server/api"
	"guildhall/server/ids"
)

// bodySize lets a post of 20,000 characters through, whatever they are: each
// may take twelve bytes when it is written as an escaped pair.
const bodySize = 256 << 10

// Routes adds the endpoints.
func (s *Service) Routes(r *api.Router) {
	api.Handle(r, api.Op{ID: "list-my-topics", Method: "GET", Path: "/topics", Summary: "The topics of all my spaces, newest activity first", Door: api.SignedIn}, s.getNewest)
	api.Handle(r, api.Op{ID: "list-topics", Method: "GET", Path: "/spaces/{spaceId}/topics", Summary: "The topics of a space, pinned ones first", Door: api.SignedIn, Errors: []int{404}}, s.getTopics)
	api.Handle(r, api.Op{ID: "start-topic", Method: "POST", Path: "/spaces/{spaceId}/topics", Summary: "Start a topic with its first post", Door: api.SignedIn, Status: 201, MaxBody: bodySize, Errors: []int{403, 404, 409, 413, 429}}, s.postTopic)
	api.Handle(r, api.Op{ID: "get-topic", Method: "GET", Path: "/topics/{topicId}", Summary: "One topic", Door: api.SignedIn, Errors: []int{404}}, s.getTopic)
	api.Handle(r, api.Op{ID: "edit-topic", Method: "PATCH", Path: "/topics/{topicId}", Summary: "Rename, pin or close a topic", Door: api.SignedIn, Errors: []int{403, 404, 409, 429}}, s.patchTopic)
	api.Handle(r, api.Op{ID: "mark-topic-read", Method: "PUT", Path: "/topics/{topicId}/read", Summary: "Say how far I have read", Door: api.SignedIn, Errors: []int{404}}, s.putRead)
	api.Handle(r, api.Op{ID: "list-posts", Method: "GET", Path: "/topics/{topicId}/posts", Summary: "Posts of a topic, in order", Door: api.SignedIn, Errors: []int{404}}, s.getPosts)
	api.Handle(r, api.Op{ID: "add-post", Method: "POST", Path: "/topics/{topicId}/posts", Summary: "Reply in a topic", Door: api.SignedIn, Status: 201, MaxBody: bodySize, Errors: []int{403, 404, 409, 413, 429}}, s.postPost)
	api.Handle(r, api.Op{ID: "edit-post", Method: "PATCH", Path: "/posts/{postId}", Summary: "Edit my post", Door: api.SignedIn, MaxBody: bodySize, Errors: []int{403, 404, 409, 413, 429}}, s.patchPost)
	api.Do(r, api.Op{ID: "delete-post", Method: "DELETE", Path: "/posts/{postId}", Summary: "Delete a post", Door: api.SignedIn, Errors: []int{403, 404}}, s.deletePost)
	api.Handle(r, api.Op{ID: "list-post-versions", Method: "GET", Path: "/posts/{postId}/versions", Summary: "Every wording of a post, the present one last", Door: api.SignedIn, Errors: []int{404}}, s.getVersions)
}

type newestInput struct {
	Unread bool `query:"unread" doc:"Only topics with unread posts"`
	api.Paging
}

func (s *Service) getNewest(ctx context.Context, who access.Actor, in *newestInput) (*api.Page[Topic], error) {
	return s.Newest(ctx, who, in.Unread, in.Cursor, in.Limit)
}

type topicsInput struct {
	SpaceID ids.Param `path:"spaceId"`
	api.Paging
}

func (s *Service) getTopics(ctx context.Context, who access.Actor, in *topicsInput) (*api.Page[Topic], error) {
	return s.Topics(ctx, who, in.SpaceID.ID, in.Cursor, in.Limit)
}

type postTopicInput struct {
	SpaceID ids.Param `path:"spaceId"`
	Body    struct {
		ClientID string `json:"clientId" format:"uuid" doc:"The client's own name of this topic: sent again, it is stored once"`
		Title    string `json:"title" minLength:"1" maxLength:"500" doc:"At most 150 characters once spaces at its ends are taken off"`
		Body     string `json:"body" minLength:"1" maxLength:"20000" doc:"Markdown"`
	}
}

func (s *Service) postTopic(ctx context.Context, who access.Actor, in *postTopicInput) (*Topic, error) {
	return s.Start(ctx, who, in.SpaceID.ID, NewTopic{ClientID: in.Body.ClientID, Title: in.Body.Title, Body: in.Body.Body})
}

type topicInput struct {
	TopicID ids.Param `path:"topicId"`
}

func (s *Service) getTopic(ctx context.Context, who access.Actor, in *topicInput) (*Topic, error) {
	return s.Topic(ctx, who, in.TopicID.ID)
}

type patchTopicInput struct {
	TopicID ids.Param `path:"topicId"`
	Body    struct {
		Title   *string `json:"title,omitempty" minLength:"1" maxLength:"500" doc:"By the author or a moderator"`
		Pinned  *bool   `json:"pinned,omitempty"`
		Closed  *bool   `json:"closed,omitempty"`
		Version int     `json:"version" minimum:"1" maximum:"2147483647"`
	}
}

func (s *Service) patchTopic(ctx context.Context, who access.Actor, in *patchTopicInput) (*Topic, error) {
	return s.EditTopic(ctx, who, in.TopicID.ID, TopicEdit{Title: in.Body.Title, Pinned: in.Body.Pinned, Closed: in.Body.Closed, Version: in.Body.Version})
}

type readInput struct {
	TopicID ids.Param `path:"topicId"`
	Body    struct {
		Number int64 `json:"number" minimum:"0"`
	}
}

func (s *Service) putRead(ctx context.Context, who access.Actor, in *readInput) (*TopicRead, error) {
	return s.MarkRead(ctx, who, in.TopicID.ID, in.Body.Number)
}

type postsInput struct {
	TopicID ids.Param `path:"topicId"`
	Before  int64     `query:"before" minimum:"1" doc:"Posts with a lower number, the nearest ones"`
	After   int64     `query:"after" minimum:"0" doc:"Posts with a higher number, the nearest ones"`
	Around  int64     `query:"around" minimum:"1" doc:"Posts on both sides of a number"`
	Limit   int       `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

func (s *Service) getPosts(ctx context.Context, who access.Actor, in *postsInput) (*PostHistory, error) {
	if err := api.OnlyOne(in.Before > 0, in.After > 0, in.Around > 0); err != nil {
		return nil, err
	}
	return s.Posts(ctx, who, in.TopicID.ID, Span{Before: in.Before, After: in.After, Around: in.Around, Limit: in.Limit})
}

type postPostInput struct {
	TopicID ids.Param `path:"topicId"`
	Body    struct {
		ClientID string `json:"clientId" format:"uuid" doc:"The client's own name of this post: sent again, it is stored once"`
		Body     string `json:"body" minLength:"1" maxLength:"20000" doc:"Markdown"`
	}
}

func (s *Service) postPost(ctx context.Context, who access.Actor, in *postPostInput) (*Post, error) {
	return s.Reply(ctx, who, in.TopicID.ID, in.Body.ClientID, in.Body.Body)
}

type postInput struct {
	PostID ids.Param `path:"postId"`
}

type patchPostInput struct {
	PostID ids.Param `path:"postId"`
	Body   struct {
		Body    string `json:"body" minLength:"1" maxLength:"20000"`
		Version int    `json:"version" minimum:"1" maximum:"2147483647"`
	}
}

func (s *Service) patchPost(ctx context.Context, who access.Actor, in *patchPostInput) (*Post, error) {
	return s.EditPost(ctx, who, in.PostID.ID, in.Body.Body, in.Body.Version)
}

func (s *Service) deletePost(ctx context.Context, who access.Actor, in *postInput) error {
	return s.DeletePost(ctx, who, in.PostID.ID)
}

type versionsInput struct {
	PostID ids.Param `path:"postId"`
	api.Paging
}

func (s *Service) getVersions(ctx context.Context, who access.Actor, in *versionsInput) (*api.Page[PostVersion], error) {
	return s.Versions(ctx, who, in.PostID.ID, in.Cursor, in.Limit)
}

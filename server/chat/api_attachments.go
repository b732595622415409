package chat

import (
	"context"

	"guildhall/server/access"
	"guildhall/server/api"
	"guildhall/server/ids"
)

// partSize is what one request may bring of a file: what any request may.
const partSize = 1 << 20

func (s *Service) attachmentRoutes(r *api.Router) {
	api.Handle(r, api.Op{ID: "start-upload", Method: "POST", Path: "/rooms/{roomId}/attachments", Summary: "Make a place for a file to send in a room", Door: api.SignedIn, Status: 201, Errors: []int{403, 404, 409, 413, 429}}, s.postUpload)
	api.Handle(r, api.Op{ID: "get-upload", Method: "GET", Path: "/attachments/{attachmentId}", Summary: "How far a file of mine has come that is not sent yet", Door: api.SignedIn, Errors: []int{403, 404}}, s.getUpload)
	api.Handle(r, api.Op{ID: "add-part", Method: "PUT", Path: "/attachments/{attachmentId}/content", Summary: "Send the next bytes of a file, less than 1 MiB at once", Door: api.SignedIn, MaxBody: partSize, Errors: []int{403, 404, 413, 415, 503}}, s.putPart)
	api.Handle(r, api.Op{ID: "describe-attachment", Method: "PATCH", Path: "/attachments/{attachmentId}", Summary: "Say in words what a picture shows, before it is sent", Door: api.SignedIn, Errors: []int{403, 404}}, s.patchUpload)
	api.Do(r, api.Op{ID: "remove-upload", Method: "DELETE", Path: "/attachments/{attachmentId}", Summary: "Take back a file that is not sent", Door: api.SignedIn, Errors: []int{403, 404}}, s.deleteUpload)
	api.File(r, api.Op{ID: "get-attachment", Method: "GET", Path: "/attachments/{attachmentId}/content", Summary: "The file itself", Door: api.SignedIn, Errors: []int{403, 404, 416}}, s.getContent)
	api.File(r, api.Op{ID: "get-thumbnail", Method: "GET", Path: "/attachments/{attachmentId}/thumbnail", Summary: "A picture made small, and still if it moves", Door: api.SignedIn, Errors: []int{403, 404, 416}}, s.getThumbnail)
}

type uploadInput struct {
	RoomID ids.Param `path:"roomId"`
	Body   NewUpload
}

func (s *Service) postUpload(ctx context.Context, who access.Actor, in *uploadInput) (*Upload, error) {
	return s.StartUpload(ctx, who, in.RoomID.ID, in.Body)
}

type attachmentInput struct {
	AttachmentID ids.Param `path:"attachmentId"`
}

func (s *Service) getUpload(ctx context.Context, who access.Actor, in *attachmentInput) (*Upload, error) {
	return s.Upload(ctx, who, in.AttachmentID.ID)
}

type partInput struct {
	AttachmentID ids.Param `path:"attachmentId"`
	Offset       int64     `query:"offset" required:"true" minimum:"0" doc:"Where in the file these bytes begin"`
	RawBody      []byte    `contentType:"application/octet-stream"`
}

func (s *Service) putPart(ctx context.Context, who access.Actor, in *partInput) (*Upload, error) {
	return s.AddPart(ctx, who, in.AttachmentID.ID, in.Offset, in.RawBody)
}

type describeInput struct {
	AttachmentID ids.Param `path:"attachmentId"`
	Body         struct {
		Alt string `json:"alt" maxLength:"1000"`
	}
}

func (s *Service) patchUpload(ctx context.Context, who access.Actor, in *describeInput) (*Upload, error) {
	return s.Describe(ctx, who, in.AttachmentID.ID, in.Body.Alt)
}

func (s *Service) deleteUpload(ctx context.Context, who access.Actor, in *attachmentInput) error {
	return s.RemoveUpload(ctx, who, in.AttachmentID.ID)
}

func (s *Service) getContent(ctx context.Context, who access.Actor, in *attachmentInput) (*api.Content, error) {
	return s.File(ctx, who, in.AttachmentID.ID, false)
}

func (s *Service) getThumbnail(ctx context.Context, who access.Actor, in *attachmentInput) (*api.Content, error) {
	return s.File(ctx, who, in.AttachmentID.ID, true)
}

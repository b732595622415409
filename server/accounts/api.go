package accounts

import (
	"context"
	"net/http"

	"guildhall/server/access"
	"guildhall/server/api"
	"guildhall/server/ids"
)

type nothing struct{}

type cookieOutput struct {
	Status    int
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      struct{}
}

// Routes adds the endpoints.
func (s *Service) Routes(r *api.Router) {
	api.Raw(r, api.Op{ID: "ask-code", Method: "POST", Path: "/sign-in", Summary: "Send a sign-in code to an address, if somebody has it", Door: api.Public, Status: 202, Errors: []int{429}}, s.postSignIn)
	api.Raw(r, api.Op{ID: "verify-code", Method: "POST", Path: "/sign-in/verify", Summary: "Sign in with the code, in the browser that asked for it", Door: api.Public, Errors: []int{429}}, s.postVerify)
	api.Raw(r, api.Op{ID: "demo-sign-in", Method: "POST", Path: "/demo/sign-in", Summary: "Sign in as a person of the demonstration", Door: api.Public, Errors: []int{404}}, s.postDemo)
	api.Raw(r, api.Op{ID: "sign-out", Method: "DELETE", Path: "/session", Summary: "Sign out on this device", Door: api.SignedIn, Status: 200}, s.deleteSession)
	api.Handle(r, api.Op{ID: "list-sessions", Method: "GET", Path: "/sessions", Summary: "List where I am signed in", Door: api.SignedIn}, s.getSessions)
	api.Do(r, api.Op{ID: "end-other-sessions", Method: "DELETE", Path: "/sessions", Summary: "Sign out on all other devices", Door: api.SignedIn}, s.deleteOthers)
	api.Do(r, api.Op{ID: "end-session", Method: "DELETE", Path: "/sessions/{sessionId}", Summary: "Sign out on one device", Door: api.SignedIn, Errors: []int{404}}, s.deleteOne)
	api.Handle(r, api.Op{ID: "get-me", Method: "GET", Path: "/me", Summary: "The person asking", Door: api.SignedIn},
		func(ctx context.Context, who access.Actor, _ *nothing) (*Me, error) { return s.Me(ctx, who) })
	api.Handle(r, api.Op{ID: "edit-me", Method: "PATCH", Path: "/me", Summary: "Change my profile", Door: api.SignedIn, Errors: []int{409, 429}}, s.patchMe)
	api.Handle(r, api.Op{ID: "list-people", Method: "GET", Path: "/people", Summary: "People who share a space with me", Door: api.SignedIn}, s.getPeople)
	api.Handle(r, api.Op{ID: "get-person", Method: "GET", Path: "/people/{personId}", Summary: "A person who shares a space with me", Door: api.SignedIn, Errors: []int{404}}, s.getPerson)
}

type signInInput struct {
	Body struct {
		Email string `json:"email" maxLength:"254" doc:"The address that the network knows"`
	}
}

func (s *Service) postSignIn(ctx context.Context, _ access.Actor, in *signInInput) (*cookieOutput, error) {
	browser := api.RequestFrom(ctx).Cookie
	out := &cookieOutput{Status: http.StatusAccepted}
	if browser == "" {
		browser = ids.Token(32)
	}
	// The browser's token is a session cookie that is nobody's yet. A signed-in
	// browser keeps the one it has.
	out.SetCookie = s.Cookie(browser)
	return out, s.AskCode(ctx, in.Body.Email, browser)
}

type verifyInput struct {
	Body struct {
		Email string `json:"email" maxLength:"254"`
		Code  string `json:"code" maxLength:"40" doc:"Eight characters; case, spaces and dashes do not matter"`
	}
}

func (s *Service) postVerify(ctx context.Context, _ access.Actor, in *verifyInput) (*cookieOutput, error) {
	token, err := s.Verify(ctx, in.Body.Email, in.Body.Code, api.RequestFrom(ctx).Cookie)
	return &cookieOutput{Status: http.StatusOK, SetCookie: s.Cookie(token)}, err
}

type demoInput struct {
	Body struct {
		As string `json:"as" maxLength:"20" example:"member"`
	}
}

func (s *Service) postDemo(ctx context.Context, _ access.Actor, in *demoInput) (*cookieOutput, error) {
	token, err := s.SignInDemo(ctx, in.Body.As)
	return &cookieOutput{Status: http.StatusOK, SetCookie: s.Cookie(token)}, err
}

func (s *Service) deleteSession(ctx context.Context, who access.Actor, _ *nothing) (*cookieOutput, error) {
	return &cookieOutput{Status: http.StatusOK, SetCookie: s.cookie("", 0)}, s.SignOut(ctx, who, who.SessionID)
}

func (s *Service) getSessions(ctx context.Context, who access.Actor, _ *nothing) (*api.Page[Session], error) {
	list, err := s.Sessions(ctx, who)
	return &api.Page[Session]{Items: list}, err
}

func (s *Service) deleteOthers(ctx context.Context, who access.Actor, _ *nothing) error {
	return s.SignOut(ctx, who, 0)
}

type sessionInput struct {
	SessionID ids.Param `path:"sessionId"`
}

func (s *Service) deleteOne(ctx context.Context, who access.Actor, in *sessionInput) error {
	return s.SignOut(ctx, who, in.SessionID.ID)
}

type patchMeInput struct {
	Body ProfileEdit
}

func (s *Service) patchMe(ctx context.Context, who access.Actor, in *patchMeInput) (*Me, error) {
	return s.UpdateProfile(ctx, who, in.Body)
}

type peopleInput struct {
	Q            string    `query:"q" maxLength:"200" doc:"Part of a name, a job, an organisation or what people may be asked about"`
	Organisation ids.Param `query:"organisation"`
	Space        ids.Param `query:"space" doc:"People of one of my spaces"`
	api.Paging
}

func (s *Service) getPeople(ctx context.Context, who access.Actor, in *peopleInput) (*api.Page[Person], error) {
	by := Search{Text: in.Q, Organisation: in.Organisation.ID, Space: in.Space.ID}
	if err := api.ReadCursor(in.Cursor, &by.AfterName, &by.AfterID); err != nil {
		return nil, err
	}
	return s.People(ctx, who, by, in.Limit)
}

type personInput struct {
	PersonID ids.Param `path:"personId"`
}

func (s *Service) getPerson(ctx context.Context, who access.Actor, in *personInput) (*Profile, error) {
	return s.Profile(ctx, who, in.PersonID.ID)
}

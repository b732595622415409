// Every endpoint that the app calls, by what it does.
import { api } from './client.ts';
import type {
	Changes,
	FoundThing,
	ForumPost,
	Me,
	Member,
	Message,
	MessagePage,
	Organisation,
	OrganisationDetails,
	Page,
	Person,
	PostPage,
	PostVersion,
	Profile,
	Role,
	Room,
	ServiceArea,
	Session,
	Site,
	Space,
	Story,
	StoryResults,
	Topic
} from './types.ts';

type Signal = AbortSignal | undefined;

// Who I am
export const getSite = () => api.get<Site>('/site');
export const getMe = () => api.get<Me>('/me');
export const askForCode = (email: string) => api.post('/sign-in', { email });
export const signIn = (email: string, code: string) => api.post('/sign-in/verify', { email, code });
export const signInAs = (as: string) => api.post('/demo/sign-in', { as });
export const signOut = () => api.delete('/session');
export const listSessions = () => api.get<Page<Session>>('/sessions');
export const endSession = (id: string) => api.delete(`/sessions/${id}`);
export const endOtherSessions = () => api.delete('/sessions');

export type ProfileEdit = Pick<Me, 'about' | 'askMeAbout' | 'language' | 'timeZone' | 'serviceAreas' | 'version'> & {
	name: string;
	/** The job the person has now; left out, it stays as it is. */
	post?: { organisationId: string | null; job: string };
};
export const editMe = (edit: ProfileEdit) => api.patch<Me>('/me', edit);

// Spaces
export const listSpaces = () => api.get<Page<Space>>('/spaces');
export const getSpace = (id: string) => api.get<Space>(`/spaces/${id}`);
export const editSpace = (
	id: string,
	edit: Pick<Space, 'name' | 'description' | 'residentialFrom' | 'residentialTo' | 'reviewDay' | 'version'>
) => api.patch<Space>(`/spaces/${id}`, edit);
export const stepIn = (id: string) => api.post<Space>(`/spaces/${id}/step-in`);
export const joinSpace = (id: string) => api.post<Space>(`/spaces/${id}/join`);
export const listMembers = (id: string, cursor?: string) =>
	api.get<Page<Member>>(`/spaces/${id}/members`, { cursor, limit: 200 });
export const addMember = (id: string, email: string, name: string, role: Role) =>
	api.post<Member>(`/spaces/${id}/members`, { email, role, ...(name ? { name } : {}) });
export const setRole = (id: string, person: string, role: Role) =>
	api.patch<Member>(`/spaces/${id}/members/${person}`, { role });
export const removeMember = (id: string, person: string) => api.delete(`/spaces/${id}/members/${person}`);

// Rooms and messages
export const listRooms = () => api.get<Page<Room>>('/rooms');
export const getRoom = (id: string) => api.get<Room>(`/rooms/${id}`);
export const makeRoom = (space: string, name: string, topic: string) =>
	api.post<Room>(`/spaces/${space}/rooms`, { name, topic });
export const listMessages = (
	room: string,
	where: { before?: number; after?: number; around?: number; limit?: number } = {}
) => api.get<MessagePage>(`/rooms/${room}/messages`, where);
export const listChanges = (room: string, after: number) => api.get<Changes>(`/rooms/${room}/changes`, { after });
export const postMessage = (room: string, clientId: string, body: string) =>
	api.post<Message>(`/rooms/${room}/messages`, { clientId, body });
export const editMessage = (message: Message, body: string) =>
	api.patch<Message>(`/messages/${message.id}`, { body, version: message.version });
export const deleteMessage = (id: string) => api.delete(`/messages/${id}`);
export const readRoom = (room: string, seq: number) =>
	api.put<{ lastReadSeq: number; unread: number }>(`/rooms/${room}/read`, { seq });

// Forum
export const listNewTopics = () => api.get<Page<Topic>>('/topics', { unread: true, limit: 20 });
export const listTopics = (space: string, cursor?: string) =>
	api.get<Page<Topic>>(`/spaces/${space}/topics`, { cursor });
export const getTopic = (id: string) => api.get<Topic>(`/topics/${id}`);
export const openTopic = (space: string, clientId: string, title: string, body: string) =>
	api.post<Topic>(`/spaces/${space}/topics`, { clientId, title, body });
export const editTopic = (topic: Topic, edit: { title?: string; pinned?: boolean; closed?: boolean }) =>
	api.patch<Topic>(`/topics/${topic.id}`, { ...edit, version: topic.version });
export const listPosts = (
	topic: string,
	where: { before?: number; after?: number; around?: number; limit?: number } = {}
) => api.get<PostPage>(`/topics/${topic}/posts`, where);
export const reply = (topic: string, clientId: string, body: string) =>
	api.post<ForumPost>(`/topics/${topic}/posts`, { clientId, body });
export const editPost = (id: string, version: number, body: string) =>
	api.patch<ForumPost>(`/posts/${id}`, { body, version });
export const deletePost = (id: string) => api.delete(`/posts/${id}`);
export const listPostVersions = (id: string) => api.get<Page<PostVersion>>(`/posts/${id}/versions`);
export const readTopic = (topic: string, number: number) => api.put(`/topics/${topic}/read`, { number });

// The library
export type StoryQuery = {
	q?: string;
	area?: string[];
	type?: string[];
	region?: string[];
	stage?: string[];
	year?: string[];
	evidence?: string[];
	organisation?: string[];
	sort?: string;
	page?: number;
};
export const searchStories = (query: StoryQuery, signal?: Signal) => api.get<StoryResults>('/stories', query, signal);
export const getStory = (id: string) => api.get<Story>(`/stories/${id}`);
export const listServiceAreas = () => api.get<Page<ServiceArea>>('/service-areas');

export const searchEverything = (q: string, signal?: Signal) => api.get<Page<FoundThing>>('/search', { q }, signal);

// People and organisations
export const listPeople = (query: { q?: string; organisation?: string; cursor?: string }, signal?: Signal) =>
	api.get<Page<Person>>('/people', query, signal);
export const getPerson = (id: string) => api.get<Profile>(`/people/${id}`);
export const listOrganisations = (
	query: { q?: string; type?: string; region?: string; nation?: string; cursor?: string },
	signal?: Signal
) => api.get<Page<Organisation>>('/organisations', query, signal);
export const getOrganisation = (id: string) => api.get<OrganisationDetails>(`/organisations/${id}`);

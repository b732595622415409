// Every endpoint that the app calls, by what it does.
import { client, take } from './client.ts';
import type {
	Message,
	NewRoom,
	NewSpace,
	ProfileEdit,
	ReactionName,
	Role,
	Room,
	RoomEdit,
	RoomSettings,
	Scheduled,
	SpaceEdit,
	StoredPreferences,
	Topic
} from './types.ts';

const { GET, POST, PUT, PATCH, DELETE } = client;
type Signal = AbortSignal | undefined;
/** Whoever waits for an answer that does not come would wait for ever. A request that is cut off so is one without an answer. */
const inTime = () => AbortSignal.timeout(20_000);
/** Empty values are left out of an address. */
const some = (text: string | undefined) => text || undefined;

/** whole fetches every page of a list that the screen shows as one. */
async function whole<T>(page: (cursor: string | undefined) => Promise<{ items: T[]; next?: string }>) {
	const items: T[] = [];
	let next: string | undefined;
	do {
		const got = await page(next);
		items.push(...got.items);
		next = got.next;
	} while (next);
	return { items };
}

// Who I am
export const getSite = () => take(GET('/site'));
export const getMe = () => take(GET('/me'));
export const askForCode = (email: string) => take(POST('/sign-in', { body: { email } }));
export const signIn = (email: string, code: string) => take(POST('/sign-in/verify', { body: { email, code } }));
export const signInAs = (as: string) => take(POST('/demo/sign-in', { body: { as } }));
export const signOut = () => take(DELETE('/session'));
export const listSessions = () => take(GET('/sessions'));
export const endSession = (sessionId: string) =>
	take(DELETE('/sessions/{sessionId}', { params: { path: { sessionId } } }));
export const endOtherSessions = () => take(DELETE('/sessions'));

export const editMe = (edit: ProfileEdit) => take(PATCH('/me', { body: edit }));

// Search
export const searchEverything = (q: string, signal?: Signal) =>
	take(GET('/search', { params: { query: { q } }, signal }));
export const searchMessages = (by: { q: string; room?: string; cursor?: string }, signal?: Signal) =>
	take(
		GET('/messages/search', {
			params: { query: { q: by.q, room: some(by.room), cursor: some(by.cursor), limit: 50 } },
			signal
		})
	);
export const listReaders = (messageId: string) =>
	take(GET('/messages/{messageId}/readers', { params: { path: { messageId } } }));
export const tryRetention = (roomId: string, days: number, signal?: Signal) =>
	take(GET('/rooms/{roomId}/retention', { params: { path: { roomId }, query: { days } }, signal }));

// Spaces
export const listSpaces = () => whole((cursor) => take(GET('/spaces', { params: { query: { cursor, limit: 200 } } })));
export const getSpace = (spaceId: string) => take(GET('/spaces/{spaceId}', { params: { path: { spaceId } } }));
export const openSpace = (space: NewSpace) => take(POST('/spaces', { body: space }));
export const editSpace = (spaceId: string, edit: SpaceEdit) =>
	take(PATCH('/spaces/{spaceId}', { params: { path: { spaceId } }, body: edit }));
export const stepIn = (spaceId: string) => take(POST('/spaces/{spaceId}/step-in', { params: { path: { spaceId } } }));
export const joinSpace = (spaceId: string) => take(POST('/spaces/{spaceId}/join', { params: { path: { spaceId } } }));
export const listMembers = (spaceId: string, cursor?: string) =>
	take(
		GET('/spaces/{spaceId}/members', { params: { path: { spaceId }, query: { cursor: some(cursor), limit: 200 } } })
	);
export const addMember = (spaceId: string, email: string, name: string, role: Role) =>
	take(POST('/spaces/{spaceId}/members', { params: { path: { spaceId } }, body: { email, role, name: some(name) } }));
export const setRole = (spaceId: string, personId: string, role: Role, version: number) =>
	take(
		PATCH('/spaces/{spaceId}/members/{personId}', { params: { path: { spaceId, personId } }, body: { role, version } })
	);
export const removeMember = (spaceId: string, personId: string) =>
	take(DELETE('/spaces/{spaceId}/members/{personId}', { params: { path: { spaceId, personId } } }));

// Rooms and messages
export type Stretch = { before?: number; after?: number; around?: number; limit?: number };
/** Of a room, also around a moment (RFC 3339). */
export type RoomStretch = Stretch & { at?: string };
export const listRooms = () => whole((cursor) => take(GET('/rooms', { params: { query: { cursor, limit: 200 } } })));
export const getRoom = (roomId: string) => take(GET('/rooms/{roomId}', { params: { path: { roomId } } }));
export const makeRoom = (spaceId: string, room: NewRoom) =>
	take(POST('/spaces/{spaceId}/rooms', { params: { path: { spaceId } }, body: room }));
export const listSpaceRooms = (spaceId: string, archived = false) =>
	whole((cursor) =>
		take(GET('/spaces/{spaceId}/rooms', { params: { path: { spaceId }, query: { archived, cursor, limit: 200 } } }))
	);
export const editRoom = ({ id, name, topic, archived, retentionDays, version }: Room, change: Partial<RoomEdit>) =>
	take(
		PATCH('/rooms/{roomId}', {
			params: { path: { roomId: id } },
			body: { name, topic, archived, retentionDays, version, ...change }
		})
	);
export const setRoom = ({ id, notify, muted, hidden }: Room, change: Partial<RoomSettings>) =>
	take(
		PUT('/rooms/{roomId}/settings', { params: { path: { roomId: id } }, body: { notify, muted, hidden, ...change } })
	);
export const joinRoom = (roomId: string) => take(POST('/rooms/{roomId}/join', { params: { path: { roomId } } }));
export const leaveRoom = (roomId: string, personId: string) =>
	take(DELETE('/rooms/{roomId}/people/{personId}', { params: { path: { roomId, personId } } }));
export const inviteToRoom = (roomId: string, people: string[], history: 'new' | 'all') =>
	take(POST('/rooms/{roomId}/people', { params: { path: { roomId } }, body: { people, history } }));
export const listConversations = () =>
	whole((cursor) => take(GET('/conversations', { params: { query: { hidden: true, cursor, limit: 200 } } })));
/** `clientId`: of a group, so that asking again after an answer that was lost makes no second one. */
export const converse = (people: string[], name = '', clientId?: string) =>
	take(POST('/conversations', { body: { clientId, people, name: some(name) } }));
export const listMessages = (roomId: string, query: RoomStretch = {}) =>
	take(GET('/rooms/{roomId}/messages', { params: { path: { roomId }, query }, signal: inTime() }));
export const listChanges = (roomId: string, after: number) =>
	take(GET('/rooms/{roomId}/changes', { params: { path: { roomId }, query: { after } }, signal: inTime() }));
export const listRoomPeople = (roomId: string, query: { q?: string; limit?: number }, signal?: Signal) =>
	take(GET('/rooms/{roomId}/people', { params: { path: { roomId }, query: { ...query, q: some(query.q) } }, signal }));
type NewMessage = { clientId: string; body: string; threadId?: string; confirmRoom?: boolean; attachments?: string[] };
export const postMessage = (roomId: string, { clientId, body, threadId, confirmRoom, attachments }: NewMessage) =>
	take(
		POST('/rooms/{roomId}/messages', {
			params: { path: { roomId } },
			body: { clientId, body, threadId, confirmRoom, attachments },
			signal: inTime()
		})
	);
export const editMessage = ({ id, version }: Message, body: string) =>
	take(PATCH('/messages/{messageId}', { params: { path: { messageId: id } }, body: { body, version } }));
export const deleteMessage = (messageId: string) =>
	take(DELETE('/messages/{messageId}', { params: { path: { messageId } } }));
export const previewMarkup = (body: string) => take(POST('/markup/preview', { body: { body } }));
export const readRoom = (roomId: string, seq: number) =>
	take(PUT('/rooms/{roomId}/read', { params: { path: { roomId } }, body: { seq }, signal: inTime() }));
export const unreadRoom = (roomId: string, seq: number) =>
	take(PUT('/rooms/{roomId}/unread', { params: { path: { roomId } }, body: { seq }, signal: inTime() }));

// Files of messages
export const startUpload = (roomId: string, file: { name: string; size: number }) =>
	take(POST('/rooms/{roomId}/attachments', { params: { path: { roomId } }, body: file, signal: inTime() }));
export const getUpload = (attachmentId: string) =>
	take(GET('/attachments/{attachmentId}', { params: { path: { attachmentId } }, signal: inTime() }));
export const addPart = (attachmentId: string, offset: number, part: Blob, signal: AbortSignal) =>
	take(
		PUT('/attachments/{attachmentId}/content', {
			params: { path: { attachmentId }, query: { offset } },
			headers: { 'Content-Type': 'application/octet-stream' },
			body: part as never, // the description knows bytes only as a string
			bodySerializer: (bytes) => bytes,
			signal: AbortSignal.any([signal, AbortSignal.timeout(60_000)])
		})
	);
export const describeAttachment = (attachmentId: string, alt: string) =>
	take(PATCH('/attachments/{attachmentId}', { params: { path: { attachmentId } }, body: { alt }, signal: inTime() }));
export const removeUpload = (attachmentId: string) =>
	take(DELETE('/attachments/{attachmentId}', { params: { path: { attachmentId } } }));
/** Where a file of a message is, or a picture made small. */
export const fileAddress = (attachmentId: string, what: 'content' | 'thumbnail') =>
	`/api/attachments/${attachmentId}/${what}`;

// What is not said yet
export const listDrafts = () => take(GET('/drafts'));
export const keepDraft = (
	roomId: string,
	draft: { threadId?: string; body: string; device: string },
	keepalive?: boolean
) => take(PUT('/rooms/{roomId}/draft', { params: { path: { roomId } }, body: draft, keepalive }));
export const listScheduled = () => take(GET('/scheduled'));
type Later = { clientId: string; body: string; threadId?: string; confirmRoom?: boolean; sendAt: string };
export const scheduleMessage = (roomId: string, message: Later) =>
	take(POST('/rooms/{roomId}/scheduled', { params: { path: { roomId } }, body: message }));
type LaterEdit = { body: string; sendAt: string; confirmRoom?: boolean };
export const editScheduled = ({ id, version }: Scheduled, edit: LaterEdit) =>
	take(PATCH('/scheduled/{scheduledId}', { params: { path: { scheduledId: id } }, body: { ...edit, version } }));
export const dropScheduled = (scheduledId: string) =>
	take(DELETE('/scheduled/{scheduledId}', { params: { path: { scheduledId } } }));
export const getChatPreferences = () => take(GET('/me/chat'));
export const setChatPreferences = (preferences: StoredPreferences) =>
	// `now` is the server's to say.
	take(PUT('/me/chat', { body: preferences as StoredPreferences & { now: never } }));

// Threads
export const listThreads = () =>
	whole((cursor) => take(GET('/threads', { params: { query: { cursor, limit: 100 } } })));
export const getThread = (messageId: string, query: Stretch = {}) =>
	take(GET('/messages/{messageId}/thread', { params: { path: { messageId }, query }, signal: inTime() }));
export const readThread = (messageId: string, seq: number) =>
	take(PUT('/messages/{messageId}/thread/read', { params: { path: { messageId } }, body: { seq }, signal: inTime() }));
export const followThread = (messageId: string, following: boolean) =>
	take(PUT('/messages/{messageId}/thread/follow', { params: { path: { messageId } }, body: { following } }));

// Forum
export const listNewTopics = () => take(GET('/topics', { params: { query: { unread: true, limit: 20 } } }));
export const listTopics = (spaceId: string, cursor?: string) =>
	take(GET('/spaces/{spaceId}/topics', { params: { path: { spaceId }, query: { cursor: some(cursor) } } }));
export const getTopic = (topicId: string) => take(GET('/topics/{topicId}', { params: { path: { topicId } } }));
export const openTopic = (spaceId: string, clientId: string, title: string, body: string) =>
	take(POST('/spaces/{spaceId}/topics', { params: { path: { spaceId } }, body: { clientId, title, body } }));
export const editTopic = ({ id, version }: Topic, edit: { pinned?: boolean; closed?: boolean }) =>
	take(PATCH('/topics/{topicId}', { params: { path: { topicId: id } }, body: { ...edit, version } }));
export const listPosts = (topicId: string, query: Stretch = {}) =>
	take(GET('/topics/{topicId}/posts', { params: { path: { topicId }, query } }));
export const reply = (topicId: string, clientId: string, body: string) =>
	take(POST('/topics/{topicId}/posts', { params: { path: { topicId } }, body: { clientId, body } }));
export const editPost = (postId: string, version: number, body: string) =>
	take(PATCH('/posts/{postId}', { params: { path: { postId } }, body: { body, version } }));
export const deletePost = (postId: string) => take(DELETE('/posts/{postId}', { params: { path: { postId } } }));
export const listPostVersions = (postId: string) =>
	take(GET('/posts/{postId}/versions', { params: { path: { postId } } }));
export const readTopic = (topicId: string, number: number) =>
	take(PUT('/topics/{topicId}/read', { params: { path: { topicId } }, body: { number } }));

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
	sort?: StorySort;
	page?: number;
};
export type StorySort = 'relevance' | 'newest' | 'oldest';
export const searchStories = (query: StoryQuery, signal?: Signal) =>
	take(GET('/stories', { params: { query }, signal }));
export const getStory = (storyId: string) => take(GET('/stories/{storyId}', { params: { path: { storyId } } }));
export const listServiceAreas = () => take(GET('/service-areas'));

// People and organisations
export const listPeople = (
	by: { q?: string; organisation?: string; space?: string; cursor?: string },
	signal?: Signal
) => take(GET('/people', { params: { query: { ...by, q: some(by.q), cursor: some(by.cursor) } }, signal }));
export const getPerson = (personId: string) => take(GET('/people/{personId}', { params: { path: { personId } } }));
export const listOrganisations = (
	by: { q?: string; today?: boolean; madeUp?: boolean; cursor?: string },
	signal?: Signal
) => take(GET('/organisations', { params: { query: { ...by, q: some(by.q), cursor: some(by.cursor) } }, signal }));
export const getOrganisation = (organisationId: string) =>
	take(GET('/organisations/{organisationId}', { params: { path: { organisationId } } }));

// What is done to a message besides writing it
export const react = (messageId: string, name: ReactionName) =>
	take(PUT('/messages/{messageId}/reactions/{name}', { params: { path: { messageId, name } } }));
export const unreact = (messageId: string, name: ReactionName) =>
	take(DELETE('/messages/{messageId}/reactions/{name}', { params: { path: { messageId, name } } }));
export const pinMessage = (messageId: string) =>
	take(PUT('/messages/{messageId}/pin', { params: { path: { messageId } } }));
export const unpinMessage = (messageId: string) =>
	take(DELETE('/messages/{messageId}/pin', { params: { path: { messageId } } }));
export const listPins = (roomId: string) => take(GET('/rooms/{roomId}/pins', { params: { path: { roomId } } }));
export const listMessageVersions = (messageId: string) =>
	whole((cursor) =>
		take(GET('/messages/{messageId}/versions', { params: { path: { messageId }, query: { cursor } } }))
	);
export const forward = (roomId: string, clientId: string, forwardOf: string, body: string) =>
	take(POST('/rooms/{roomId}/messages', { params: { path: { roomId } }, body: { clientId, body, forwardOf } }));
export const listCards = (of: string[]) => take(GET('/cards', { params: { query: { of } } }));

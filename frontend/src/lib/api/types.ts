// What the API gives, by the names of the product. Ids are opaque strings; moments are RFC 3339 in UTC; days are
// YYYY-MM-DD; `can` lists what the reader may do with the thing.

export type Role = 'member' | 'facilitator' | 'moderator' | 'editor';
export type Action =
	| 'view-space'
	| 'post-message'
	| 'post-topic'
	| 'make-room'
	| 'pin-topic'
	| 'close-topic'
	| 'add-member'
	| 'set-dates'
	| 'set-role'
	| 'remove-member'
	| 'remove-content'
	| 'edit'
	| 'delete'
	| 'reply'
	| 'step-in'
	| 'join'
	| 'leave';

export type Site = { name: string; demo: boolean; version: string; attribution: string };

export type Person = {
	id: string;
	name: string;
	job: string;
	organisation: string;
	organisationId: string | null;
	former: boolean;
};

/** A job that somebody has or had. */
export type PostHeld = {
	job: string;
	organisationId: string | null;
	organisation: string;
	from: string | null;
	to: string | null;
};

type Self = { about: string; askMeAbout: string[]; serviceAreas: string[]; posts: PostHeld[] };
export type Profile = Person & Self;

export type Me = Self & {
	person: Person;
	emails: string[];
	siteRole: 'member' | 'admin';
	language: 'en' | 'cy';
	/** The zone to show times in; ownTimeZone is the one the person chose, or empty. */
	timeZone: string;
	ownTimeZone: string;
	demo: boolean;
	session: string;
	version: number;
};

export type Session = {
	id: string;
	device: string;
	createdAt: string;
	lastSeenAt: string;
	current: boolean;
};

export type Space = {
	id: string;
	/** "load" is for measuring, and never a person's. */
	kind: 'network' | 'cohort' | 'group' | 'load';
	name: string;
	description: string;
	admission: 'invitation' | 'ask' | 'open';
	listed: boolean;
	role: Role | '';
	memberCount: number;
	residentialFrom: string | null;
	residentialTo: string | null;
	reviewDay: string | null;
	can: Action[];
	version: number;
};

export type Member = { person: Person; role: Role; joinedAt: string; steppedIn: boolean };

export type Room = {
	id: string;
	spaceId: string;
	spaceName: string;
	name: string;
	topic: string;
	head: number;
	lastReadSeq: number;
	/** Counted to 100, and 100 means "more than 99". */
	unread: number;
	mentionsMe?: boolean;
	lastAt: string | null;
	archived: boolean;
	can: Action[];
};

export type Message = {
	id: string;
	roomId: string;
	seq: number;
	clientId: string;
	author: Person;
	body: string;
	html: string;
	createdAt: string;
	editedAt: string | null;
	deletedAt: string | null;
	version: number;
	/** Absent in live frames, which are the same for everybody. */
	can?: Action[];
};

export type MessagePage = { items: Message[]; head: number; hasBefore: boolean; hasAfter: boolean };

/** One step of a room's history, the same over HTTP and down the socket. */
export type Change = {
	type: 'message' | 'edited' | 'deleted' | 'gone';
	room: string;
	seq: number;
	message?: Message;
};
export type Changes = { items: Change[]; head: number; reload: boolean };

export type Topic = {
	id: string;
	spaceId: string;
	spaceName: string;
	title: string;
	author: Person;
	createdAt: string;
	lastPostAt: string;
	lastPostBy: Person;
	/** Without deleted ones; lastNumber counts those too. */
	posts: number;
	lastNumber: number;
	lastReadNumber: number;
	unread: number;
	pinned: boolean;
	closed: boolean;
	version: number;
	can: Action[];
};

export type ForumPost = {
	id: string;
	topicId: string;
	number: number;
	author: Person;
	body: string;
	html: string;
	createdAt: string;
	editedAt: string | null;
	deletedAt: string | null;
	version: number;
	can: Action[];
};

export type PostPage = { items: ForumPost[]; lastNumber: number; hasBefore: boolean; hasAfter: boolean };

export type PostVersion = { version: number; html: string; editedAt: string };

/** One thing that councils do; parent is the slug of the area above, '' at the top. */
export type ServiceArea = { slug: string; label: string; labelCy: string; parent: string };

export type Organisation = {
	id: string;
	code: string;
	name: string;
	shortName: string;
	type: string;
	typeLabel: string;
	nation: string;
	region: string;
	population: number | null;
	current: boolean;
	startsOn: string | null;
	endsOn: string | null;
	homepage: string;
	madeUp: boolean;
};

type OrganisationLink = { id: string; shortName: string; on: string | null };
export type OrganisationDetails = Organisation & {
	aliases: string[];
	successors: OrganisationLink[];
	predecessors: OrganisationLink[];
	domains: { domain: string; kind: 'web' | 'mail'; status: string }[];
	stories: number;
	people: number;
	attribution: string;
};

export type Story = {
	id: string;
	sourceId: string;
	title: string;
	summary: string;
	problem: string;
	problemHtml: string;
	whatWasDone: string;
	whatWasDoneHtml: string;
	outcome: string;
	outcomeHtml: string;
	lead: Organisation | null;
	leadName: string;
	partners: { id: string | null; name: string }[];
	serviceAreas: ServiceArea[];
	stage: string;
	year: number | null;
	yearCertain: boolean;
	evidence: string;
	sources: { url: string; name: string }[];
	licence: string;
	lastCheckedOn: string | null;
};

/** One result of a search. The two Html fields are made safe by the server and hold <mark> and nothing else. */
export type StoryHit = {
	id: string;
	sourceId: string;
	title: string;
	titleHtml: string;
	excerptHtml: string;
	leadName: string;
	leadId: string | null;
	serviceAreas: ServiceArea[];
	stage: string;
	year: number | null;
	region: string;
	type: string;
	evidence: string;
};

export type Facet = { name: string; values: { value: string; label: string; count: number; selected: boolean }[] };
export type Chip = { kind: string; value: string; label: string; text: string };

export type StoryResults = {
	items: StoryHit[];
	total: number;
	page: number;
	pages: number;
	engine: string;
	chips: Chip[];
	corrected?: { from: string; to: string } | null;
	facets: Facet[];
};

export type Page<T> = { items: T[]; next?: string };

/** One thing of any kind that a search of everything has found. The two Html fields hold <mark> and nothing else. */
export type FoundThing = {
	kind: string;
	id: string;
	titleHtml: string;
	excerptHtml: string;
	where: string;
	path: string;
	at: string | null;
};

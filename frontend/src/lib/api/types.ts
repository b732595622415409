// What the API gives, by the names of the product. The shapes come from its description (npm run gen). Ids are opaque
// strings; moments are RFC 3339 in UTC; days are YYYY-MM-DD; `can` lists what the reader may do with the thing.
import type { components } from './api.d.ts';

type Schemas = components['schemas'];

export type Role = 'member' | 'facilitator' | 'moderator' | 'editor';
export type Page<T> = { items: T[]; next?: string };

export type Site = Schemas['Facts'];
export type Me = Schemas['Me'];
export type Session = Schemas['Session'];
export type Person = Schemas['Person'];
export type Profile = Schemas['Profile'];
export type ProfileEdit = Schemas['ProfileEdit'];
/** A job that somebody has or had. */
export type PostHeld = Schemas['PostHeld'];

export type Space = Schemas['Space'];
export type NewSpace = Schemas['NewSpace'];
export type SpaceEdit = Schemas['SpaceEdit'];
export type Member = Schemas['Member'];

export type Room = Schemas['Room'];
export type NewRoom = Schemas['NewRoom'];
export type RoomEdit = Schemas['RoomEdit'];
/** How a reader wants a room, on all their devices. */
export type RoomSettings = Schemas['RoomSettings'];
/** How a reader wants chat, on all their devices. */
export type StoredPreferences = Omit<Schemas['Preferences'], 'now'>;
/** What somebody is writing, the same on all their devices. */
export type StoredDraft = Schemas['Draft'];
/** A message that is sent later, or could not be. */
export type Scheduled = Schemas['Scheduled'];
export type Message = Schemas['Message'];
/** A file of a message. */
export type Attachment = Schemas['Attachment'];
export type Reaction = Schemas['Reaction'];
export type ReactionName = Reaction['name'];
/** A thing of this site in a few words. */
export type Card = Schemas['Card'];
export type MessagePage = Schemas['History'];
export type ThreadPage = Schemas['ThreadHistory'];
/** How the reader stands to a thread. */
export type ThreadMark = Schemas['ThreadMark'];
export type FollowedThread = Schemas['FollowedThread'];
/** One step of a room's history, the same over HTTP and down the socket. */
export type Change = Schemas['Change'];
export type Changes = Schemas['Feed'];
/** What comes down the live connection, and what goes up. */
export type LiveFrame = Schemas['LiveFrame'];

/** How far a reader is in a room, and what is left. */
export type ReadMark = Schemas['ReadMark'];
/** Where a message was said that was found. */
export type Place = Schemas['Place'];
export type Retention = Schemas['Retention'];

export type Topic = Schemas['Topic'];
export type ForumPost = Schemas['Post'];
export type PostPage = Schemas['PostHistory'];

export type ServiceArea = Schemas['Area'];
export type Organisation = Schemas['Organisation'];
/** One in a list, with what became of it. */
export type OrganisationListed = Schemas['Listed'];
export type OrganisationDetails = Schemas['Details'];

export type Story = Schemas['Story'];
/** One result of a search. The two Html fields are made safe by the server and hold <mark> and nothing else. */
export type StoryHit = Schemas['Hit'];
export type StoryResults = Schemas['Results'];
export type Facet = Schemas['Facet'];

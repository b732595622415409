// The words of the pages that anybody may read. They come with those pages, and weigh on no other.
import i18next from 'i18next';
import './text.svelte.ts';
import words from './en.public.json';

i18next.addResourceBundle('en', 'translation', words, true);

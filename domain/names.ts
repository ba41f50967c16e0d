/** What an exploration, or anything else that a spec names, may be called: it becomes a part of ids, keys and file names. */
export const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** Plain JSON values: all that crosses Temporal or rests in the store. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

// Written by `cargo xtask gen` from openapi/; never edited.

export interface paths {
    "/api/v1/block-tracking-data": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is in the block, or the passages of all doors. */
        get: {
            parameters: {
                query?: {
                    /** @description From this instant, inclusive; alone: until now. */
                    from?: string;
                    /** @description To this instant, inclusive; alone: from the beginning. */
                    to?: string;
                    /** @description Who was inside at this instant; not together with the others. */
                    at?: string;
                    /** @description Entries per page, from 1 to 10,000. */
                    limit?: number;
                    /** @description `next` of the page before. */
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TrackingList"];
                    };
                };
                /** @description None */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description No identity, or a token that is not valid */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Not allowed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/health-professionals-tracking-data/{healthProfessionalId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where a professional is, or their passages. */
        get: {
            parameters: {
                query?: {
                    /** @description From this instant, inclusive; alone: until now. */
                    from?: string;
                    /** @description To this instant, inclusive; alone: from the beginning. */
                    to?: string;
                    /** @description Who was inside at this instant; not together with the others. */
                    at?: string;
                    /** @description Entries per page, from 1 to 10,000. */
                    limit?: number;
                    /** @description `next` of the page before. */
                    cursor?: string;
                };
                header?: never;
                path: {
                    /** @description Whose */
                    healthProfessionalId: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TrackingList"];
                    };
                };
                /** @description None */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description No identity, or a token that is not valid */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Not allowed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rooms-tracking-data/{roomId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is in a room, or the passages of its door. */
        get: {
            parameters: {
                query?: {
                    /** @description From this instant, inclusive; alone: until now. */
                    from?: string;
                    /** @description To this instant, inclusive; alone: from the beginning. */
                    to?: string;
                    /** @description Who was inside at this instant; not together with the others. */
                    at?: string;
                    /** @description Entries per page, from 1 to 10,000. */
                    limit?: number;
                    /** @description `next` of the page before. */
                    cursor?: string;
                };
                header?: never;
                path: {
                    /** @description Which room */
                    roomId: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TrackingList"];
                    };
                };
                /** @description None */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description No identity, or a token that is not valid */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Not allowed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/statistics/co-presence": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How long others were in a room together with a professional. */
        get: {
            parameters: {
                query?: {
                    /** @description From this instant, inclusive; may be left out with `processId`. */
                    from?: string;
                    /** @description To this instant, inclusive; may be left out with `processId`. */
                    to?: string;
                    /** @description The rooms and the time of this surgical process, as far as they lie in the span. */
                    processId?: string;
                    /** @description Which room; headcounts and door openings need it. */
                    roomId?: string;
                    /** @description Who; co-presence needs it. */
                    healthProfessionalId?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Statistic_CoPresenceEntry"];
                    };
                };
                /** @description No identity, or a token that is not valid */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Not allowed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description There is no such process */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/statistics/door-openings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The passages of a room's door. */
        get: {
            parameters: {
                query?: {
                    /** @description From this instant, inclusive; may be left out with `processId`. */
                    from?: string;
                    /** @description To this instant, inclusive; may be left out with `processId`. */
                    to?: string;
                    /** @description The rooms and the time of this surgical process, as far as they lie in the span. */
                    processId?: string;
                    /** @description Which room; headcounts and door openings need it. */
                    roomId?: string;
                    /** @description Who; co-presence needs it. */
                    healthProfessionalId?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Statistic_DoorOpeningEntry"];
                    };
                };
                /** @description No identity, or a token that is not valid */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Not allowed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description There is no such process */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/statistics/dwell-times": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How long each professional was in each room, and how often. */
        get: {
            parameters: {
                query?: {
                    /** @description From this instant, inclusive; may be left out with `processId`. */
                    from?: string;
                    /** @description To this instant, inclusive; may be left out with `processId`. */
                    to?: string;
                    /** @description The rooms and the time of this surgical process, as far as they lie in the span. */
                    processId?: string;
                    /** @description Which room; headcounts and door openings need it. */
                    roomId?: string;
                    /** @description Who; co-presence needs it. */
                    healthProfessionalId?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Statistic_DwellEntry"];
                    };
                };
                /** @description No identity, or a token that is not valid */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Not allowed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description There is no such process */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/statistics/headcount": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many people were in a room: at the beginning, and from each change on. */
        get: {
            parameters: {
                query?: {
                    /** @description From this instant, inclusive; may be left out with `processId`. */
                    from?: string;
                    /** @description To this instant, inclusive; may be left out with `processId`. */
                    to?: string;
                    /** @description The rooms and the time of this surgical process, as far as they lie in the span. */
                    processId?: string;
                    /** @description Which room; headcounts and door openings need it. */
                    roomId?: string;
                    /** @description Who; co-presence needs it. */
                    healthProfessionalId?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Statistic_HeadcountEntry"];
                    };
                };
                /** @description No identity, or a token that is not valid */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Not allowed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description There is no such process */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description How long somebody was in a room together with the one asked for. */
        CoPresenceEntry: {
            /** @description The other. */
            healthProfessionalId: string;
            /** @description Which room. */
            roomId: string;
            /**
             * Format: double
             * @description Altogether, in seconds with milliseconds.
             */
            seconds: number;
        };
        /** @description One passage of the room's door. */
        DoorOpeningEntry: {
            /** @description When, in UTC with milliseconds. */
            dateTime: string;
            /** @description Who. */
            healthProfessionalId: string;
            /** @description Which way. */
            trackingType: components["schemas"]["TrackingType"];
        };
        /** @description How long somebody was in a room, and how often. */
        DwellEntry: {
            /** @description Who. */
            healthProfessionalId: string;
            /** @description Which room. */
            roomId: string;
            /**
             * Format: double
             * @description Altogether, in seconds with milliseconds.
             */
            seconds: number;
            /**
             * Format: int64
             * @description Stays that overlap the span.
             */
            visits: number;
        };
        /** @description How many people are in the room from an instant on. */
        HeadcountEntry: {
            /**
             * Format: int64
             * @description How many.
             */
            count: number;
            /** @description Since when, in UTC with milliseconds. */
            dateTime: string;
        };
        /** @description A statistic: its rows in order. */
        Statistic_CoPresenceEntry: {
            /** @description The rows. */
            entries: {
                /** @description The other. */
                healthProfessionalId: string;
                /** @description Which room. */
                roomId: string;
                /**
                 * Format: double
                 * @description Altogether, in seconds with milliseconds.
                 */
                seconds: number;
            }[];
            /**
             * Format: int64
             * @description How many they are.
             */
            total: number;
        };
        /** @description A statistic: its rows in order. */
        Statistic_DoorOpeningEntry: {
            /** @description The rows. */
            entries: {
                /** @description When, in UTC with milliseconds. */
                dateTime: string;
                /** @description Who. */
                healthProfessionalId: string;
                /** @description Which way. */
                trackingType: components["schemas"]["TrackingType"];
            }[];
            /**
             * Format: int64
             * @description How many they are.
             */
            total: number;
        };
        /** @description A statistic: its rows in order. */
        Statistic_DwellEntry: {
            /** @description The rows. */
            entries: {
                /** @description Who. */
                healthProfessionalId: string;
                /** @description Which room. */
                roomId: string;
                /**
                 * Format: double
                 * @description Altogether, in seconds with milliseconds.
                 */
                seconds: number;
                /**
                 * Format: int64
                 * @description Stays that overlap the span.
                 */
                visits: number;
            }[];
            /**
             * Format: int64
             * @description How many they are.
             */
            total: number;
        };
        /** @description A statistic: its rows in order. */
        Statistic_HeadcountEntry: {
            /** @description The rows. */
            entries: {
                /**
                 * Format: int64
                 * @description How many.
                 */
                count: number;
                /** @description Since when, in UTC with milliseconds. */
                dateTime: string;
            }[];
            /**
             * Format: int64
             * @description How many they are.
             */
            total: number;
        };
        /** @description One passage of a door. */
        TrackingEntry: {
            /** @description When, in UTC with milliseconds. */
            dateTime: string;
            /** @description Who. */
            healthProfessionalId: string;
            /** @description Which room. */
            roomId: string;
            /** @description Which way. */
            trackingType: components["schemas"]["TrackingType"];
        };
        /** @description A list of passages. */
        TrackingList: {
            /** @description This page. */
            entries: components["schemas"]["TrackingEntry"][];
            /** @description The cursor of the next page; null on the last. */
            next?: string | null;
            /**
             * Format: int64
             * @description How many there are on all pages.
             */
            total: number;
        };
        /**
         * @description The direction of a passage.
         * @enum {string}
         */
        TrackingType: "ENTER" | "EXIT";
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;

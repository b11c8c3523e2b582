// Written by `cargo xtask gen` from openapi/; never edited.

export interface paths {
    "/api/v1/medical-technologies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists technologies with where they are now, by id. */
        get: {
            parameters: {
                query?: {
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
                        "application/json": components["schemas"]["List_Linked_TechnologyAnswer"];
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
            };
        };
        put?: never;
        /** Creates a technology and its twin. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["TechnologyEntry"];
                };
            };
            responses: {
                /** @description Created; `Location` says where */
                201: {
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
                /** @description There is one of that id already */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/medical-technologies/{technologyId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A technology with where it was and whether in use, now or at an instant. */
        get: {
            parameters: {
                query?: {
                    /** @description The state at this instant; without it the newest. */
                    dateTime?: string;
                };
                header?: never;
                path: {
                    /** @description Which technology */
                    technologyId: string;
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
                        "application/json": components["schemas"]["TechnologyAnswer"];
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
                /** @description There is no such technology */
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
        /** Removes a technology, its twin and its history. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Which technology */
                    technologyId: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Removed */
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
                /** @description There is no such technology */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        options?: never;
        head?: never;
        /** Places a technology in a theatre, or in no room. */
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Which technology */
                    technologyId: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["TechnologyPatch"];
                    "application/merge-patch+json": components["schemas"]["TechnologyPatch"];
                };
            };
            responses: {
                /** @description Placed */
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
                /** @description There is no such technology, or no such room */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description The room is no theatre */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        trace?: never;
    };
    "/api/v1/rooms": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists rooms, by id. */
        get: {
            parameters: {
                query?: {
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
                        "application/json": components["schemas"]["List_Linked_RoomEntry"];
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
        /** Creates a room and its twin. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["RoomEntry"];
                };
            };
            responses: {
                /** @description Created; `Location` says where */
                201: {
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
                /** @description There is one of that id already */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rooms/data/{roomId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What a room was like after each sample of a span of time. Every entry has the last known value
         *     of every quantity.
         */
        get: {
            parameters: {
                query?: {
                    /** @description After this instant; without it: now. */
                    from?: string;
                    /** @description Not after this instant; without it: now. */
                    to?: string;
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
                        "application/json": components["schemas"]["List_DatedEnvironmentalData"];
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
                /** @description There is no such room */
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
    "/api/v1/rooms/{roomId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A room with what it is like, now or at an instant. */
        get: {
            parameters: {
                query?: {
                    /** @description The state at this instant; without it the newest. */
                    dateTime?: string;
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
                        "application/json": components["schemas"]["RoomAnswer"];
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
                /** @description There is no such room, or was none then */
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
        /** Removes a room, its twin and its history. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Which room */
                    roomId: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Removed */
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
                /** @description There is no such room */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        options?: never;
        head?: never;
        /** Changes a room and its twin. */
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Which room */
                    roomId: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["RoomPatch"];
                    "application/merge-patch+json": components["schemas"]["RoomPatch"];
                };
            };
            responses: {
                /** @description Changed */
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
                /** @description There is no such room */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        trace?: never;
    };
    "/api/v1/zones/{zoneId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Names a zone and gives it its place. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Which zone */
                    zoneId: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ZoneChangeV1"];
                };
            };
            responses: {
                /** @description Done */
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
                /** @description There is no such zone */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rooms/{roomId}/layout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Places a room on the floor plan. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Which room */
                    roomId: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["LayoutV1"];
                };
            };
            responses: {
                /** @description Done */
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
                /** @description There is no such room */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        post?: never;
        /** Takes a room off the floor plan. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Which room */
                    roomId: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
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
                /** @description There is no such room */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description What a room was like right after one sample. */
        DatedEnvironmentalData: {
            /** @description When the sample was taken, in UTC with milliseconds. */
            date: string;
            /** @description The last known value of every quantity. */
            entry: components["schemas"]["EnvironmentalData"];
            /** @description What the sample measured. */
            quantity: components["schemas"]["QuantityName"];
        };
        /** @description What a room is like; null for what was never measured. */
        EnvironmentalData: {
            /**
             * Format: double
             * @description Relative humidity in percent.
             */
            humidity?: number | null;
            luminosity?: components["schemas"]["ValueWithUnit"] | null;
            /** @description Whether somebody is there. */
            presence?: boolean | null;
            temperature?: components["schemas"]["ValueWithUnit"] | null;
        };
        /** @description One page of a list. */
        List_DatedEnvironmentalData: {
            /** @description This page. */
            entries: {
                /** @description When the sample was taken, in UTC with milliseconds. */
                date: string;
                /** @description The last known value of every quantity. */
                entry: components["schemas"]["EnvironmentalData"];
                /** @description What the sample measured. */
                quantity: components["schemas"]["QuantityName"];
            }[];
            /** @description The cursor of the next page; null on the last. */
            next?: string | null;
            /**
             * Format: int64
             * @description How many there are on all pages.
             */
            total: number;
        };
        /** @description One page of a list. */
        List_Linked_RoomEntry: {
            /** @description This page. */
            entries: {
                /** @description A room as people describe it. */
                entry: {
                    /** @description Its id; not blank. */
                    id: string;
                    /** @description Its name; may be empty. */
                    name: string;
                    /** @description Its kind. */
                    type: components["schemas"]["RoomTypeName"];
                    /** @description Its zone; not blank. */
                    zoneId: string;
                };
                /** @description Where it is read. */
                url: string;
            }[];
            /** @description The cursor of the next page; null on the last. */
            next?: string | null;
            /**
             * Format: int64
             * @description How many there are on all pages.
             */
            total: number;
        };
        /** @description One page of a list. */
        List_Linked_TechnologyAnswer: {
            /** @description This page. */
            entries: {
                /** @description A technology with where it is and whether in use. */
                entry: components["schemas"]["TechnologyEntry"] & {
                    /** @description Whether in use. */
                    inUse: boolean;
                    /** @description Where it stands; null when in no room. */
                    roomId?: string | null;
                };
                /** @description Where it is read. */
                url: string;
            }[];
            /** @description The cursor of the next page; null on the last. */
            next?: string | null;
            /**
             * Format: int64
             * @description How many there are on all pages.
             */
            total: number;
        };
        /**
         * @description Quantities.
         * @enum {string}
         */
        QuantityName: "temperature" | "humidity" | "luminosity" | "presence";
        /** @description A room with what it is like. */
        RoomAnswer: components["schemas"]["RoomEntry"] & {
            /** @description What it is like. */
            environmentalData: components["schemas"]["EnvironmentalData"];
        };
        /** @description A room as people describe it. */
        RoomEntry: {
            /** @description Its id; not blank. */
            id: string;
            /** @description Its name; may be empty. */
            name: string;
            /** @description Its kind. */
            type: components["schemas"]["RoomTypeName"];
            /** @description Its zone; not blank. */
            zoneId: string;
            /** @description Where it is on the floor plan; null when it has no place there. */
            layout?: null | components["schemas"]["LayoutV1"];
        };
        /** @description What to change of a room; what is left out stays. */
        RoomPatch: {
            /** @description New name; may be empty. */
            name?: string;
            /** @description New zone; not blank. */
            zoneId?: string;
        };
        /**
         * @description Kinds of rooms.
         * @enum {string}
         */
        RoomTypeName: "OPERATING_ROOM" | "PRE_OPERATING_ROOM";
        /** @description A technology with where it is and whether in use. */
        TechnologyAnswer: components["schemas"]["TechnologyEntry"] & {
            /** @description Whether in use. */
            inUse: boolean;
            /** @description Where it stands; null when in no room. */
            roomId?: string | null;
        };
        /** @description A technology as people describe it. */
        TechnologyEntry: {
            /** @description What it is; not empty. */
            description: string;
            /** @description Its id; not blank. */
            id: string;
            /** @description Its name; not empty. */
            name: string;
            /** @description Its kind. */
            type: components["schemas"]["TechnologyTypeName"];
        };
        /** @description Where to place a technology. */
        TechnologyPatch: {
            /** @description The theatre; null takes it out of every room. */
            roomId: string | null;
        };
        /**
         * @description Kinds of technologies.
         * @enum {string}
         */
        TechnologyTypeName: "ENDOSCOPE" | "XRAY";
        /**
         * @description Units.
         * @enum {string}
         */
        Unit: "CELSIUS" | "LUX";
        /** @description A number and its unit. */
        ValueWithUnit: {
            /** @description Its unit. */
            unit: components["schemas"]["Unit"];
            /**
             * Format: double
             * @description The number.
             */
            value: number;
        };
        /** @description Where a room is on the floor plan, in units of its grid. */
        LayoutV1: {
            /**
             * Format: double
             * @description From the left.
             */
            x: number;
            /**
             * Format: double
             * @description From the top.
             */
            y: number;
            /**
             * Format: double
             * @description Width.
             */
            w: number;
            /**
             * Format: double
             * @description Height.
             */
            h: number;
        };
        /** @description What a zone shall be. */
        ZoneChangeV1: {
            /** @description Its name; may be empty. */
            name: string;
            /** @description Its place among the zones. */
            order: number;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;

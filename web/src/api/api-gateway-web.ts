// Written by `cargo xtask gen` from openapi/; never edited.

export interface paths {
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who read or changed what about whom. */
        get: {
            parameters: {
                query?: {
                    /** @description Entries of this user or account. */
                    actor?: string;
                    /** @description Entries about this id: a tax code, a process, a professional, a user, a room. */
                    subject?: string;
                    /** @description From this instant, inclusive. */
                    from?: string;
                    /** @description To this instant, inclusive. */
                    to?: string;
                    /** @description Entries at most, 1 to 1000; 100 when not given. */
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
                        "application/json": components["schemas"]["EntriesV1"];
                    };
                };
                400: {
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
                503: {
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
    "/api/v1/clock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells the block's time. */
        get: {
            parameters: {
                query?: never;
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
                        "application/json": components["schemas"]["ClockV1"];
                    };
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
    "/api/v1/dashboard-settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How the hospital wants its dashboards. */
        get: {
            parameters: {
                query?: never;
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
                        "application/json": components["schemas"]["DashboardsV1"];
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
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/obd/auth": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Signs a person in. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["CredentialsV1"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SessionV1"];
                    };
                };
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                429: {
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
    "/api/v1/obd/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends a session and takes the cookie back. Access tokens in use stay valid until they expire. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["RefreshV1"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                400: {
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
    "/api/v1/obd/auth/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Continues a session. The refresh token is replaced; one that was used before ends the session. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["RefreshV1"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SessionV1"];
                    };
                };
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                401: {
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
    "/api/v1/obd/auth/unlock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Goes on with a session that was locked where it is shown, by the badge of its owner. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["UnlockV1"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                429: {
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
    "/api/v1/obd/block-hp-tracking-info": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is in the block. */
        get: {
            parameters: {
                query?: never;
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
                        "application/json": components["schemas"]["WhereaboutsV1"][];
                    };
                };
                /** @description Nobody */
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
                503: {
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
    "/api/v1/obd/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What happens in the block, as Server-Sent Events. `Last-Event-ID` goes on where a former stream
         *     ended; a `gap` says that something was left out, and everything is to be read anew.
         */
        get: {
            parameters: {
                query?: {
                    /** @description Only events about this room; may be given several times. Without it all rooms. */
                    roomId?: string[];
                    /** @description Also the vital signs of this patient; may be given several times. Without it those of none. */
                    patientId?: string[];
                    /**
                     * @description Only this kind: `room`, `process`, `position`, `proposal`, `command` or `vital`; may be given
                     *     several times. Without it all kinds.
                     */
                    kind?: string[];
                    /** @description The id of the last event got, for clients that cannot send the header `Last-Event-ID`. */
                    lastEventId?: string;
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
                        "text/event-stream": unknown;
                    };
                };
                400: {
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
                503: {
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
    "/api/v1/obd/patient-codes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What patients are called on screens that everybody sees. */
        get: {
            parameters: {
                query?: {
                    /** @description Patients, 200 at most; the name is repeated. */
                    patientId?: string[];
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
                        "application/json": components["schemas"]["PatientCodes"];
                    };
                };
                400: {
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
                503: {
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
    "/api/v1/obd/process-info": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The newest process of the rooms of a zone. */
        get: {
            parameters: {
                query?: {
                    /** @description A room for before and after surgery. */
                    preOperatingRoomId?: string;
                    /** @description A theatre. */
                    operatingRoomId?: string;
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
                    content?: never;
                };
                /** @description There is none */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                400: {
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
                503: {
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
    "/api/v1/obd/room-info/{roomId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A room and what it is like. What was never measured is left out. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
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
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                503: {
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
    "/api/v1/obd/surgery-report-integration/{processId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Adds a text to a report. Answers 200 without a body. */
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    processId: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["AdditionV1"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                400: {
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
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        trace?: never;
    };
    "/api/v1/obd/surgery-reports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists reports. The header `Link` (RFC 8288) leads to the next page, if there is one. */
        get: {
            parameters: {
                query?: {
                    /** @description Reports at most, 1 to 10,000. */
                    limit?: number;
                    /** @description As the header `Link` of the page before has it. */
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
                    content?: never;
                };
                /** @description There is none */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                400: {
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
                503: {
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
    "/api/v1/obd/surgery-reports/{processId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Reads a report, in the form that `Accept` asks for. In JSON what is not known is left out of the
         *     figures.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    processId: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
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
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                503: {
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
    "/api/v1/obd/zone-hp-tracking-info": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who is in the rooms of a zone. The rooms come in the query, or as a JSON body with the same
         *     names, as older dashboards send it.
         */
        get: {
            parameters: {
                query?: {
                    /** @description A theatre. */
                    operatingRoomId?: string;
                    /** @description A room for before and after surgery. */
                    preOperatingRoomId?: string;
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
                        "application/json": components["schemas"]["WhereaboutsV1"][];
                    };
                };
                /** @description Nobody */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                400: {
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
                503: {
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
    "/api/v1/obd/zones": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the zones: those with a name in their order, then those in which rooms appear. */
        get: {
            parameters: {
                query?: never;
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
                        "application/json": components["schemas"]["ZoneV1"][];
                    };
                };
                /** @description There is none */
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
                503: {
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
    "/api/v1/ord/adapt-environment": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes up the lights that were proposed for a technology in use. */
        post: {
            parameters: {
                query: {
                    /** @description The room. */
                    roomId: string;
                    /** @description `endoscope` or `xray`. */
                    medicalTechnologyType: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                400: {
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
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                503: {
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
    "/api/v1/ord/custom-automation-scenario": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sets a room's lights by hand. */
        post: {
            parameters: {
                query: {
                    /** @description The room. */
                    roomId: string;
                    /** @description Ambient light in lux, 0 to 200,000. */
                    ambientLightLux: number;
                    /** @description Surgical light in lux, 0 to 200,000. */
                    surgicalLightLux: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                400: {
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
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                503: {
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
    "/api/v1/ord/emergency-surgeries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Opens a surgery that nobody booked. */
        post: {
            parameters: {
                query: {
                    /** @description The theatre. */
                    roomId: string;
                    /** @description The patient's tax code; left out while nobody knows it. */
                    patientTaxCode?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["EmergencyV1"];
                    };
                };
                400: {
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
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                503: {
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
    "/api/v1/ord/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What happens in a room, as Server-Sent Events: the same stream for a room's dashboard. */
        get: {
            parameters: {
                query?: {
                    /** @description Only events about this room; may be given several times. Without it all rooms. */
                    roomId?: string[];
                    /** @description Also the vital signs of this patient; may be given several times. Without it those of none. */
                    patientId?: string[];
                    /**
                     * @description Only this kind: `room`, `process`, `position`, `proposal`, `command` or `vital`; may be given
                     *     several times. Without it all kinds.
                     */
                    kind?: string[];
                    /** @description The id of the last event got, for clients that cannot send the header `Last-Event-ID`. */
                    lastEventId?: string;
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
                        "text/event-stream": unknown;
                    };
                };
                400: {
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
                503: {
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
    "/api/v1/ord/process-manual-events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Says that a step has begun in a room, or that a surgery is interrupted or over. */
        post: {
            parameters: {
                query: {
                    /** @description The room. */
                    roomId: string;
                    /** @description `ANESTHESIA`, `SURGERY_IN_PROGRESS`, `END_OF_SURGERY`, `INTERRUPTED` or `TERMINATED`. */
                    event: string;
                    /** @description The process meant; must be given for `TERMINATED`. */
                    processId?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                400: {
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
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                503: {
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
    "/api/v1/ord/process-state": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How far the newest surgery of a theatre is. */
        get: {
            parameters: {
                query: {
                    /** @description The theatre. */
                    operatingRoomId: string;
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
                        "application/json": components["schemas"]["ProcessStateV1"];
                    };
                };
                /** @description There is none */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                400: {
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
                503: {
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
    "/api/v1/ord/room-info/{roomId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A room and what it is like. What was never measured is left out. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
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
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                503: {
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
    "/api/v1/ord/socket-connection": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Opens a WebSocket that gets the proposals of the automation. */
        get: {
            parameters: {
                query?: {
                    /** @description Only proposals for this room; may be given several times. Without it all rooms. */
                    roomId?: string[];
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                101: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                400: {
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
                503: {
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
    "/api/v1/ord/stop-custom-automation-scenario": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives a room's lights back to the automation. */
        post: {
            parameters: {
                query: {
                    /** @description The room. */
                    roomId: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                400: {
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
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                503: {
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
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * @description What somebody did.
         * @enum {string}
         */
        Action: "read" | "change" | "sign-in" | "refused";
        /** @description Who. */
        Actor: {
            /** @description User id or account; null for somebody unknown. */
            id?: string | null;
            /** @description What it is. */
            kind: components["schemas"]["Kind"];
            /** @description A person's roles at that moment, in the order of the token. */
            roles: string[];
        };
        /** @description What is added to a report. */
        AdditionV1: {
            /** @description The text. It replaces the one shown; former ones are kept. */
            additionalData: string;
        };
        /** @description What time it is in the block, and how fast it passes. */
        ClockV1: {
            /**
             * Format: date-time
             * @description When a simulated run began; null with the machine's own clock.
             */
            epoch?: string | null;
            /** @description `system`, `paced` or `lock-step`. */
            mode: string;
            /**
             * Format: date-time
             * @description The present instant.
             */
            now: string;
            /**
             * Format: double
             * @description Seconds per second of the machine.
             */
            rate: number;
        };
        /** @description What somebody signs in with. */
        CredentialsV1: {
            /** @description Password, not empty. */
            password: string;
            /** @description User id, not empty. */
            userId: string;
        };
        /** @description How the hospital wants its dashboards. */
        DashboardsV1: {
            /**
             * Format: int32
             * @description Minutes without a touch after which a screen locks.
             */
            lockAfterMinutes: number;
            /** @description What is drawn as usual behind values. */
            ranges: components["schemas"]["RangesV1"];
            /** @description The zone in which times are shown (IANA name). */
            timeZone: string;
        };
        /** @description The process that an emergency opens. */
        EmergencyV1: {
            /** @description The patient's id. */
            patientId: string;
            /** @description The process's id. */
            processId: string;
        };
        /** @description Entries of the audit trail, newest first. */
        EntriesV1: {
            /** @description Those of this page. */
            entries: components["schemas"]["Entry"][];
            /** @description Gets the next page; null on the last. */
            next?: string | null;
            /**
             * Format: int64
             * @description How many there are on all pages.
             */
            total: number;
        };
        /** @description One entry of the chain. */
        Entry: components["schemas"]["Event"] & {
            /** @description [`hash_of`] this entry. */
            hash: string;
            /** @description The hash of the entry before it; [`FIRST_PREVIOUS`] in the first. */
            previous: string;
            /**
             * Format: int64
             * @description Its place: from 1, without gaps.
             */
            seq: number;
            /**
             * Format: date-time
             * @description When it was written, by the product's clock.
             */
            time: string;
        };
        /** @description What happened: an entry before it has its place in the chain. */
        Event: {
            /** @description What was done. */
            action: components["schemas"]["Action"];
            /** @description Who did it. */
            actor: components["schemas"]["Actor"];
            /** @description The HTTP method. */
            method: string;
            /** @description The address it came from; null when the request did not come over a network. */
            peer?: string | null;
            /** @description The route, with parameters as `{name}`. */
            route: string;
            /** @description The service that was asked. */
            service: string;
            /**
             * Format: int32
             * @description The HTTP status of the answer; null in the entry that precedes a change.
             */
            status?: number | null;
            /**
             * @description Whom or what it was about: ids by the name of the parameter that had them. Never from a
             *     body, and never a text that was searched for.
             */
            subjects: {
                [key: string]: string;
            };
            /**
             * @description The trace id, by which entries of one request and log lines are found; 32 hexadecimal
             *     digits.
             */
            trace?: string | null;
        };
        /** @description How many are in a room: all that a wall screen is told. */
        HeadcountV1: {
            /** @description How many professionals are inside, at least one. */
            count: number;
            /** @description The room. */
            room: string;
        };
        /**
         * @description What somebody is.
         * @enum {string}
         */
        Kind: "person" | "account" | "unknown";
        /** @description A rectangle on the floor plan, in units of its grid. */
        Layout: {
            /**
             * Format: double
             * @description The height.
             */
            h: number;
            /**
             * Format: double
             * @description The width.
             */
            w: number;
            /**
             * Format: double
             * @description The left side.
             */
            x: number;
            /**
             * Format: double
             * @description The upper side.
             */
            y: number;
        };
        /** @description The code of a patient. */
        PatientCode: {
            /**
             * @description `P-` and four digits, the patient's own for the day.
             * @example P-0417
             */
            code: string;
            /** @description The patient. */
            patientId: string;
        };
        /** @description The codes of some patients. */
        PatientCodes: {
            entries: components["schemas"]["PatientCode"][];
        };
        /** @description How far a surgery is. */
        ProcessStateV1: {
            /** @description The process, as a command that ends it must name it. */
            processId: string;
            /** @description The state. */
            state: string;
            /** @description The step; null before the first step of an emergency. */
            step?: string | null;
        };
        /** @description From one value to another, both included; in the unit of what it belongs to. */
        Range: {
            /**
             * Format: double
             * @description The most; not less than the least.
             */
            high: number;
            /**
             * Format: double
             * @description The least.
             */
            low: number;
        };
        /** @description What is told of a range. */
        RangesV1: {
            /** @description In mmHg, from diastolic to systolic. */
            bloodPressure: components["schemas"]["Range"];
            /** @description In °C. */
            bodyTemperature: components["schemas"]["Range"];
            /** @description Per minute. */
            heartRate: components["schemas"]["Range"];
            /** @description The same, relative, in %. */
            otherHumidity: components["schemas"]["Range"];
            /** @description Of a room for before and after surgery, in °C. */
            otherTemperature: components["schemas"]["Range"];
            /** @description Per minute. */
            respiratoryRate: components["schemas"]["Range"];
            /** @description In %. */
            saturation: components["schemas"]["Range"];
            /** @description Of a theatre, relative, in %. */
            theatreHumidity: components["schemas"]["Range"];
            /** @description Of a theatre, in °C. */
            theatreTemperature: components["schemas"]["Range"];
        };
        /** @description A refresh token. */
        RefreshV1: {
            /** @description As handed out last. */
            refreshToken: string;
        };
        /** @description A session's tokens. */
        SessionV1: {
            /** @description To be sent as `Authorization: Bearer …`. */
            accessToken: string;
            /**
             * Format: int64
             * @description Seconds until the access token expires.
             */
            expiresIn: number;
            /** @description Gets the next access token; good for one use. */
            refreshToken: string;
            /** @description All roles. */
            roles: string[];
        };
        /** @description Somebody's place. */
        TrackingInfoV1: {
            /** @description Who. */
            healthProfessionalId: string;
            /** @description First name; null when nobody could tell. */
            healthProfessionalName?: string | null;
            /** @description `SURGEON`, `NURSE` or `ANESTHETIST`; null when nobody could tell. */
            healthProfessionalRole?: string | null;
            /** @description Family name; null when nobody could tell. */
            healthProfessionalSurname?: string | null;
            /** @description The room. */
            room: string;
        };
        /** @description What is shown to go on with a locked session. */
        UnlockV1: {
            /** @description What a reader says of the badge. */
            badge: string;
            /** @description As handed out last; it stays as it is. */
            refreshToken: string;
        };
        /** @description People by name, or counted for a wall screen. */
        WhereaboutsV1: components["schemas"]["TrackingInfoV1"] | components["schemas"]["HeadcountV1"];
        /** @description A room of a zone. */
        ZoneRoomV1: {
            /** @description Its id. */
            id: string;
            layout?: components["schemas"]["Layout"] | null;
            /** @description Its name; may be empty. */
            name: string;
            /** @description `OPERATING_ROOM` or `PRE_OPERATING_ROOM`. */
            type: string;
        };
        /** @description A zone and its rooms. */
        ZoneV1: {
            /** @description Its name; null when nobody has given it one. */
            name?: string | null;
            /** @description Its first theatre, by id. */
            operatingRoomId?: string | null;
            /**
             * Format: int32
             * @description Zones with a name come by this, before those without; null without.
             */
            order?: number | null;
            /** @description Its first room for before and after surgery, by id. */
            preOperatingRoomId?: string | null;
            /** @description All its rooms, by id. */
            rooms: components["schemas"]["ZoneRoomV1"][];
            /** @description The zone. */
            zoneId: string;
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

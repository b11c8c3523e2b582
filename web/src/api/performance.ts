// Written by `cargo xtask gen` from openapi/; never edited.

export interface paths {
    "/api/v1/days/{day}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The cases of a day of the hospital, by planned start. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Which day, `2026-05-15` */
                    day: string;
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
                        "application/json": components["schemas"]["DayV1"];
                    };
                };
                /** @description No day */
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
    "/api/v1/delay-causes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The causes that a delay may have. */
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
                        "application/json": components["schemas"]["DelayCausesV1"];
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
    "/api/v1/figures": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Key figures of a span of days. */
        get: {
            parameters: {
                query: {
                    /** @description First day, inclusive */
                    from: string;
                    /** @description Last day, inclusive; at most 92 days in all */
                    to: string;
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
                        "application/json": components["schemas"]["FiguresV1"];
                    };
                };
                /** @description No span, or too long a one */
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
    "/api/v1/processes/{processId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The case of a surgical process. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Which process */
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
                    content: {
                        "application/json": components["schemas"]["CaseV1"];
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
    "/api/v1/processes/{processId}/delay-cause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Gives the cause of a delay. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Which process */
                    processId: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["GivenCauseV1"];
                };
            };
            responses: {
                /** @description Given */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description There is no such cause */
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
                /** @description There is no such process */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description The case is not late, or its cause was given already */
                409: {
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
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description One patient's surgery of a day: planned, and as it went. */
        CaseV1: {
            /** @description What is done. */
            surgeryType: string;
            /**
             * @description How far it is.
             * @enum {string}
             */
            status: "BOOKED" | "IN_PROGRESS" | "DONE" | "CANCELLED";
            /** @description Stays in theatres, by time. */
            theatre: components["schemas"]["StayV1"][];
            /** @description Whether nothing changes any more. */
            settled: boolean;
            /** @description Its booking. */
            surgeryId?: string | null;
            /** @description Its process, once begun. */
            processId?: string | null;
            /** @description Whose; null for displays. */
            patientId?: string | null;
            /** @description The theatre: the latest entered, else the planned one. */
            operatingRoomId?: string | null;
            /** @description When the surgery was to begin. */
            plannedStart?: string | null;
            /**
             * Format: double
             * @description How long it was to take, minutes.
             */
            plannedMinutes?: number | null;
            /** @description The state of the process. */
            state?: string | null;
            /** @description The step of the process. */
            step?: string | null;
            /** @description When the surgery began. */
            surgeryStart?: string | null;
            /** @description When the surgery ended. */
            surgeryEnd?: string | null;
            /** @description When the process ended. */
            endDateTime?: string | null;
            /** @description How late it is; null when it is not. */
            late?: null | components["schemas"]["LateV1"];
            /** @description The cause that was given. */
            delay?: null | components["schemas"]["DelayV1"];
            /** @description How the climate was during the surgery. */
            environment?: null | components["schemas"]["EnvironmentV1"];
        };
        /** @description A stay in a theatre. */
        StayV1: {
            /** @description Which theatre. */
            operatingRoomId: string;
            /** @description In. */
            from: string;
            /** @description Out; null while inside. */
            to?: string | null;
        };
        /** @description A delay. */
        LateV1: {
            /**
             * @description Begun late, or taking longer.
             * @enum {string}
             */
            kind: "START" | "DURATION";
            /**
             * Format: double
             * @description By how much, minutes.
             */
            minutes: number;
        };
        /** @description The cause of a delay. */
        DelayV1: {
            /** @description Id of the cause. */
            cause: string;
            /** @description Who gave it. */
            by: string;
            /** @description When. */
            at: string;
        };
        /** @description Time of surgery by climate. */
        EnvironmentV1: {
            /**
             * Format: double
             * @description Minutes in range.
             */
            inRangeMinutes: number;
            /**
             * Format: double
             * @description Minutes in which both quantities were known.
             */
            knownMinutes: number;
            /**
             * Format: double
             * @description Minutes of surgery.
             */
            surgeryMinutes: number;
        };
        /** @description A day of the block. */
        DayV1: {
            /** @description The day. */
            day: string;
            /** @description By planned start, else by first entry to a theatre. */
            cases: components["schemas"]["CaseV1"][];
        };
        /** @description A cause of delays. */
        DelayCauseV1: {
            /** @description Its id. */
            id: string;
            /** @description In English. */
            en: string;
            /** @description In Italian. */
            it: string;
        };
        /** @description The causes. */
        DelayCausesV1: {
            /** @description In the order in which they are offered. */
            entries: components["schemas"]["DelayCauseV1"][];
        };
        /** @description A cause that somebody gives. */
        GivenCauseV1: {
            /** @description Its id. */
            cause: string;
        };
        /** @description Key figures of a span. */
        FiguresV1: {
            /** @description First day. */
            from: string;
            /** @description Last day. */
            to: string;
            total: components["schemas"]["FiguresOfV1"];
            /** @description By theatre. */
            theatres: components["schemas"]["TheatreFiguresV1"][];
            /** @description By day. */
            days: components["schemas"]["DayFiguresV1"][];
        };
        /** @description Key figures of a theatre. */
        TheatreFiguresV1: {
            /** @description Which. */
            operatingRoomId: string;
            figures: components["schemas"]["FiguresOfV1"];
        };
        /** @description Key figures of a day. */
        DayFiguresV1: {
            /** @description Which. */
            day: string;
            figures: components["schemas"]["FiguresOfV1"];
        };
        /** @description Key figures. */
        FiguresOfV1: {
            firstCases: components["schemas"]["FirstCasesV1"];
            turnover: components["schemas"]["SpreadV1"];
            use: components["schemas"]["UseV1"];
            duration: components["schemas"]["SpreadV1"];
            dayEnd: components["schemas"]["MeanV1"];
            delays: components["schemas"]["DelaysV1"];
            environment: components["schemas"]["EnvironmentV1"];
        };
        /** @description First cases. */
        FirstCasesV1: {
            /** @description How many. */
            count: number;
            /** @description How many of them began on time. */
            onTime: number;
        };
        /** @description Minutes of several. */
        SpreadV1: {
            /** @description How many. */
            count: number;
            /**
             * Format: double
             * @description Median, minutes.
             */
            medianMinutes?: number | null;
            /**
             * Format: double
             * @description Mean, minutes.
             */
            meanMinutes?: number | null;
        };
        /** @description Mean minutes of several. */
        MeanV1: {
            /** @description How many. */
            count: number;
            /**
             * Format: double
             * @description Mean, minutes.
             */
            meanMinutes?: number | null;
        };
        /** @description Use of theatres. */
        UseV1: {
            /**
             * Format: double
             * @description Minutes with a patient.
             */
            patientMinutes: number;
            /**
             * Format: double
             * @description Staffed minutes.
             */
            staffedMinutes: number;
        };
        /** @description Delays. */
        DelaysV1: {
            /** @description How many. */
            count: number;
            /**
             * Format: double
             * @description Minutes in all.
             */
            minutes: number;
            /** @description By cause. */
            causes: components["schemas"]["CauseDelaysV1"][];
        };
        /** @description Delays of one cause. */
        CauseDelaysV1: {
            /** @description How many. */
            count: number;
            /**
             * Format: double
             * @description Minutes in all.
             */
            minutes: number;
            /** @description Id of the cause; null: none was given. */
            cause?: string | null;
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

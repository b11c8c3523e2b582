// Written by `cargo xtask gen` from openapi/; never edited.

export interface paths {
    "/api/v1/days/{day}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Plan against actual of a day, by planned start. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
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
                        "application/json": components["schemas"]["Day"];
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
        /** The causes of delays that people choose from. */
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
                        "application/json": components["schemas"]["DelayCauses"];
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
        /** Key figures: all together, by theatre, and by day. Those of a day under way are as of now. */
        get: {
            parameters: {
                query?: {
                    /** @description The first, a date in the hospital's time zone, `YYYY-MM-DD`; today when not given. */
                    from?: string | null;
                    /** @description The last, at most 92 days in all; that of `from` when not given. */
                    to?: string | null;
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
                        "application/json": components["schemas"]["KeyFigures"];
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
        /** Plan against actual of a process. */
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
                    content: {
                        "application/json": components["schemas"]["Case"];
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
        /** Says why a case is late. The team is asked once; a block manager may change it. */
        put: {
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
                    "application/json": components["schemas"]["ChosenCause"];
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
        /** @description A surgery that was planned, what came of it, or both. */
        Case: {
            delay?: components["schemas"]["Delay"] | null;
            /**
             * Format: date-time
             * @description When the process ended.
             */
            endDateTime?: string | null;
            environment?: components["schemas"]["EnvironmentCompliance"] | null;
            late?: components["schemas"]["Late"] | null;
            /** @description The theatre that the patient entered last, else the planned one. */
            operatingRoomId?: string | null;
            /** @description The patient in the block. */
            patientId?: string | null;
            /**
             * Format: double
             * @description Planned duration of surgery, in minutes.
             */
            plannedMinutes?: number | null;
            /**
             * Format: date-time
             * @description Planned start of surgery.
             */
            plannedStart?: string | null;
            /** @description The process; null before the patient is there. */
            processId?: string | null;
            /** @description Whether the process will not change any more. */
            settled: boolean;
            /** @description State of the process. */
            state?: string | null;
            /** @description What has become of it. */
            status: components["schemas"]["CaseStatus"];
            /** @description Step of the process. */
            step?: string | null;
            /**
             * Format: date-time
             * @description When that state was left.
             */
            surgeryEnd?: string | null;
            /** @description The booking; null for an emergency. */
            surgeryId?: string | null;
            /**
             * Format: date-time
             * @description When surgery began: the first instant of state SURGERY.
             */
            surgeryStart?: string | null;
            /** @description Type of surgery. */
            surgeryType: string;
            /** @description The patient's stays in theatres, by entry. */
            theatre: components["schemas"]["TheatreStay"][];
        };
        /**
         * @description What has become of a case.
         * @enum {string}
         */
        CaseStatus: "BOOKED" | "IN_PROGRESS" | "DONE" | "CANCELLED";
        /** @description A cause that was chosen. */
        ChosenCause: {
            /** @description Its id. */
            cause: string;
        };
        /** @description The cases of a day. */
        Day: {
            /** @description By planned start, else by entry into the theatre. */
            cases: components["schemas"]["Case"][];
            /**
             * Format: date
             * @description A date in the hospital's time zone.
             */
            day: string;
        };
        /** @description Key figures of a day. */
        DayFigures: {
            /** Format: date */
            day: string;
            figures: components["schemas"]["Figures"];
        };
        /** @description Why a case was late. */
        Delay: {
            /**
             * Format: date-time
             * @description When.
             */
            at: string;
            /** @description Who said so. */
            by: string;
            /** @description Id of the cause. */
            cause: string;
        };
        /** @description A cause of delays. */
        DelayCause: {
            /** @description In English. */
            en: string;
            id: string;
            /** @description In Italian. */
            it: string;
        };
        /** @description The causes that people choose from. */
        DelayCauses: {
            entries: components["schemas"]["DelayCause"][];
        };
        /** @description Late cases. */
        Delays: {
            causes: components["schemas"]["DelaysByCause"][];
            count: number;
            /**
             * Format: double
             * @description How late they were together.
             */
            minutes: number;
        };
        /** @description Late cases of one cause. */
        DelaysByCause: {
            /** @description Null: nobody has said. */
            cause?: string | null;
            count: number;
            /** Format: double */
            minutes: number;
        };
        /** @description The climate of theatres in the time of surgery. */
        EnvironmentCompliance: {
            /**
             * Format: double
             * @description Temperature and humidity known and within their ranges.
             */
            inRangeMinutes: number;
            /**
             * Format: double
             * @description Both known.
             */
            knownMinutes: number;
            /**
             * Format: double
             * @description The time of surgery.
             */
            surgeryMinutes: number;
        };
        /** @description Key figures. */
        Figures: {
            /** @description Planned end of a theatre's last surgery minus its last patient out; negative when late. */
            dayEnd: components["schemas"]["Middle"];
            /** @description Cases more than ten minutes late. */
            delays: components["schemas"]["Delays"];
            /** @description Actual minus planned time of surgery. */
            duration: components["schemas"]["Middle"];
            /** @description Climate in the time of surgery. */
            environment: components["schemas"]["EnvironmentCompliance"];
            /** @description First cases of a theatre and day whose surgery began within five minutes of its plan. */
            firstCases: components["schemas"]["FirstCases"];
            /** @description From one patient out of a theatre to the next one in; gaps over 90 minutes are left out. */
            turnover: components["schemas"]["Middle"];
            /** @description Time with a patient in the theatre, and time staffed. */
            use: components["schemas"]["Use"];
        };
        /** @description First cases. */
        FirstCases: {
            count: number;
            onTime: number;
        };
        /** @description Key figures of some days: all together, by theatre, and by day. */
        KeyFigures: {
            /** @description By day, those with a case. */
            days: components["schemas"]["DayFigures"][];
            /**
             * Format: date
             * @description The first day, in the hospital's time zone.
             */
            from: string;
            /** @description By theatre, those that had a case. */
            theatres: components["schemas"]["TheatreFigures"][];
            /**
             * Format: date
             * @description The last day.
             */
            to: string;
            /** @description Everything together. */
            total: components["schemas"]["Figures"];
        };
        /** @description How late a case is. */
        Late: {
            /** @description In what. */
            kind: components["schemas"]["LateKind"];
            /**
             * Format: double
             * @description By how much.
             */
            minutes: number;
        };
        /**
         * @description In what a case is late: surgery began late, or takes longer than planned.
         * @enum {string}
         */
        LateKind: "START" | "DURATION";
        /** @description The middle of some lengths. */
        Middle: {
            /** @description How many there are. */
            count: number;
            /**
             * Format: double
             * @description Null of none.
             */
            meanMinutes?: number | null;
            /**
             * Format: double
             * @description Null of none.
             */
            medianMinutes?: number | null;
        };
        /** @description Key figures of a theatre. */
        TheatreFigures: {
            figures: components["schemas"]["Figures"];
            operatingRoomId: string;
        };
        /** @description A stay in a theatre. */
        TheatreStay: {
            /** Format: date-time */
            from: string;
            operatingRoomId: string;
            /**
             * Format: date-time
             * @description Null while it lasts.
             */
            to?: string | null;
        };
        /** @description How much theatres were used. */
        Use: {
            /** Format: double */
            patientMinutes: number;
            /** Format: double */
            staffedMinutes: number;
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

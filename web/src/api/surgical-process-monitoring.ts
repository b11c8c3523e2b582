// Written by `cargo xtask gen` from openapi/; never edited.

export interface paths {
    "/api/v1/processes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Processes, by start: those under way, or those that have ended. 204 when there is none. */
        get: {
            parameters: {
                query?: {
                    /** @description `false`: those that have ended. Default `true`. */
                    open?: boolean;
                    /** @description Ended ones that were under way at or after this instant. */
                    from?: string;
                    /** @description Ended ones that were under way at or before this instant. */
                    to?: string;
                    /** @description Entries of a page, 1 to 10,000. */
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
                        "application/json": components["schemas"]["List_ProcessEntry"];
                    };
                };
                /** @description there is none */
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
    "/api/v1/processes/{processId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One process, whether it has ended or not. Its `ETag` is its version. */
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
                        "application/json": components["schemas"]["ProcessDetail"];
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
    "/api/v1/processes/{processId}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What happened to a process, by time. */
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
                        "application/json": components["schemas"]["List_HistoryEntry"];
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
    "/api/v1/processes/{processId}/vital-signs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Vital signs of the process's patient, by time then quantity; those that came too late for a
         *     settled process only where they are asked for.
         */
        get: {
            parameters: {
                query?: {
                    /** @description From when, inclusive; may lie before the process. Default: its start. */
                    from?: string;
                    /** @description Until when, inclusive. Default: its end, if it has one. */
                    to?: string;
                    /** @description Whether those count too that came too late for a settled process. Default: no. */
                    late?: boolean;
                    /** @description Averages of buckets of so many seconds, 1 to 86,400. */
                    resolution?: number;
                    /** @description Entries of a page, 1 to 10,000. */
                    limit?: number;
                    /** @description `next` of the page before. */
                    cursor?: string;
                };
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
                        "application/json": components["schemas"]["List_VitalSign"];
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
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description An implanted device. */
        Device: {
            /** Format: date-time */
            dateTime: string;
            id: string;
            type?: components["schemas"]["DeviceKind"] | null;
        };
        /**
         * @description Kinds of implantable devices, spelled as reports do.
         * @enum {string}
         */
        DeviceKind: "PACEMAKER" | "CATHETER";
        /**
         * @description Kinds of lines of a history.
         * @enum {string}
         */
        EntryKind: "STATE" | "STEP" | "ROOM" | "REFUSED" | "LATE";
        /** @description A line of a history. */
        HistoryEntry: {
            /** Format: date-time */
            dateTime: string;
            kind: components["schemas"]["EntryKind"];
            /** @description Why a fact was refused, or is late. */
            reason?: string | null;
            /** @description The state, the step, the room (null on leaving), or the fact's kind and argument. */
            value?: string | null;
        };
        /** @description A technology in use already when the patient entered. */
        InUse: {
            id: string;
            name: string;
            roomId: string;
            type?: components["schemas"]["TechnologyKind"] | null;
        };
        /** @description A list: a page of its entries, how many there are in all, and where the next page begins. */
        List_HistoryEntry: {
            entries: {
                /** Format: date-time */
                dateTime: string;
                kind: components["schemas"]["EntryKind"];
                /** @description Why a fact was refused, or is late. */
                reason?: string | null;
                /** @description The state, the step, the room (null on leaving), or the fact's kind and argument. */
                value?: string | null;
            }[];
            /** @description `cursor` of the next page; null on the last one. */
            next?: string | null;
            /**
             * Format: int64
             * @description Of the whole list.
             */
            total: number;
        };
        /** @description A list: a page of its entries, how many there are in all, and where the next page begins. */
        List_ProcessEntry: {
            entries: {
                /**
                 * Format: date-time
                 * @description When it began.
                 */
                dateTime: string;
                healthProfessionalId?: string | null;
                operatingRoom?: components["schemas"]["Room"] | null;
                patientId: string;
                postOperatingRoom?: components["schemas"]["Room"] | null;
                preOperatingRoom?: components["schemas"]["Room"] | null;
                processId: string;
                /** @description Whether it is open and nothing has been heard of it for twelve hours. */
                stale: boolean;
                state: string;
                /** @description Null before the first step of an emergency. */
                step?: string | null;
                surgeryId?: string | null;
                /** @description Type of surgery of the booking, or `Emergency`. */
                type: string;
            }[];
            /** @description `cursor` of the next page; null on the last one. */
            next?: string | null;
            /**
             * Format: int64
             * @description Of the whole list.
             */
            total: number;
        };
        /** @description A list: a page of its entries, how many there are in all, and where the next page begins. */
        List_VitalSign: {
            entries: {
                /** Format: date-time */
                dateTime: string;
                quantity: string;
                /** @description UCUM. */
                unit: string;
                /** Format: double */
                value: number;
            }[];
            /** @description `cursor` of the next page; null on the last one. */
            next?: string | null;
            /**
             * Format: int64
             * @description Of the whole list.
             */
            total: number;
        };
        /** @description A process by itself. */
        ProcessDetail: components["schemas"]["ProcessEntry"] & {
            /** @description What was implanted, by time. */
            devices: components["schemas"]["Device"][];
            /** Format: date-time */
            endDateTime?: string | null;
            /** @description Technologies that came into use or out of use, by time. */
            medicalTechnologyUsage: components["schemas"]["Usage"][];
            /** @description Null when unknown, and for wall screens. */
            patientTaxCode?: string | null;
            /** @description Where the patient was, by entry. */
            rooms: components["schemas"]["Stay"][];
            /** @description Whether it will not change any more. */
            settled: boolean;
            /** @description Technologies in use already when the patient entered their room. */
            technologiesInUseAtEntry: components["schemas"]["InUse"][];
            /**
             * Format: int64
             * @description Counts its changes; also the `ETag`.
             */
            version: number;
        };
        /** @description A process in the list. */
        ProcessEntry: {
            /**
             * Format: date-time
             * @description When it began.
             */
            dateTime: string;
            healthProfessionalId?: string | null;
            operatingRoom?: components["schemas"]["Room"] | null;
            patientId: string;
            postOperatingRoom?: components["schemas"]["Room"] | null;
            preOperatingRoom?: components["schemas"]["Room"] | null;
            processId: string;
            /** @description Whether it is open and nothing has been heard of it for twelve hours. */
            stale: boolean;
            state: string;
            /** @description Null before the first step of an emergency. */
            step?: string | null;
            surgeryId?: string | null;
            /** @description Type of surgery of the booking, or `Emergency`. */
            type: string;
        };
        /** @description A room, in the contract's form. */
        Room: {
            id: components["schemas"]["RoomName"];
            type: components["schemas"]["RoomType"];
        };
        /** @description A room's id, wrapped as in the contract. */
        RoomName: {
            id: string;
        };
        /**
         * @description Kinds of rooms, as this service has always spelled them.
         * @enum {string}
         */
        RoomType: "PRE_POST_OPERATING_ROOM" | "OPERATING_ROOM";
        /** @description A stay in a room. */
        Stay: {
            /** Format: date-time */
            from: string;
            roomId: string;
            roomType: components["schemas"]["RoomType"];
            /**
             * Format: date-time
             * @description Null while it lasts; at most the end of the process.
             */
            to?: string | null;
        };
        /** @description A technology, in the report's form. */
        Technology: {
            description?: string | null;
            id: string;
            inUse: boolean;
            name: string;
            type?: components["schemas"]["TechnologyKind"] | null;
        };
        /**
         * @description Kinds of technologies, spelled as building management and reports do.
         * @enum {string}
         */
        TechnologyKind: "ENDOSCOPE" | "XRAY";
        /** @description A technology that came into use or out of use. */
        Usage: {
            /** Format: date-time */
            dateTime: string;
            medicalTechnology: components["schemas"]["Technology"];
            roomId: string;
        };
        /** @description A vital sign; of a bucket the average, at the bucket's beginning. */
        VitalSign: {
            /** Format: date-time */
            dateTime: string;
            quantity: string;
            /** @description UCUM. */
            unit: string;
            /** Format: double */
            value: number;
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

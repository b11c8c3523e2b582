// Written by `cargo xtask gen` from openapi/; never edited.

export interface paths {
    "/api/v1/reports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists reports, by date and then id. */
        get: {
            parameters: {
                query?: {
                    /** @description Entries at most, 1 to 10000. */
                    limit?: number | null;
                    /** @description `next` of the page before. */
                    cursor?: string | null;
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
                        "application/json": components["schemas"]["ReportsV1"];
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
                    content: {
                        "application/json": components["schemas"]["Problem"];
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
    "/api/v1/reports/{surgicalProcessId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Reads the newest version of a report: as data, as a page, or as a document to print. The
         *     `ETag` begins with the revision; the same revision has the same bytes.
         */
        get: {
            parameters: {
                query?: never;
                header?: {
                    accept?: string | null;
                    /** @description `en` or `it`, for a page or a document */
                    "accept-language"?: string | null;
                };
                path: {
                    surgicalProcessId: string;
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
                        "application/json": components["schemas"]["ShownV1"];
                        "application/pdf": number[];
                        "text/html": string;
                    };
                };
                304: {
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
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                406: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Adds a text to a report, as a version with author and time. With `If-Match`, only to the
         *     revision named.
         */
        patch: {
            parameters: {
                query?: never;
                header?: {
                    "if-match"?: string | null;
                };
                path: {
                    surgicalProcessId: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["AdditionV1"];
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
                    content: {
                        "application/json": components["schemas"]["Problem"];
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
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/v1/reports/{surgicalProcessId}/regeneration": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reads the sources of a settled report once more, late facts included, and makes a new, unsigned
         *     version beside the former ones if that says something else.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    surgicalProcessId: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Nothing has changed */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RegenerationV1"];
                    };
                };
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RegenerationV1"];
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
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/reports/{surgicalProcessId}/signature": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Signs the newest version of a settled report. With `If-Match`, only in the revision named. Who
         *     signs once more gets the same signature, with status 200.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    "if-match"?: string | null;
                };
                path: {
                    surgicalProcessId: string;
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
                        "application/json": components["schemas"]["SignatureV1"];
                    };
                };
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SignatureV1"];
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
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not settled, or signed by somebody else */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/reports/{surgicalProcessId}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the versions of a report, in order; those of a withdrawn one too. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    surgicalProcessId: string;
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
                        "application/json": components["schemas"]["VersionsV1"];
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
                    content: {
                        "application/json": components["schemas"]["Problem"];
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
    "/api/v1/reports/{surgicalProcessId}/versions/{version}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Reads one version of a report as it was, in any form. As JSON it is what a signature of it is
         *     the digest of.
         */
        get: {
            parameters: {
                query?: never;
                header?: {
                    accept?: string | null;
                    "accept-language"?: string | null;
                };
                path: {
                    surgicalProcessId: string;
                    version: number;
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
                        "application/json": components["schemas"]["ReportV1"];
                        "application/pdf": number[];
                        "text/html": string;
                    };
                };
                304: {
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
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                406: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
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
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description A text that somebody added. */
        AddedV1: {
            /** @description Who added it. */
            author: components["schemas"]["AuthorV1"];
            /**
             * Format: date-time
             * @description When.
             */
            dateTime: string;
            /** @description The text, as given. */
            text: string;
            /**
             * Format: int32
             * @description The version that it made.
             */
            version: number;
        };
        /** @description What is added to a report. */
        AdditionV1: {
            /** @description The text. It replaces the one shown; former ones are kept. */
            additionalData: string;
        };
        /** @description Somebody who did something to a report. */
        AuthorV1: {
            /** @description The user. */
            id: string;
            /** @description The user's name, when known. */
            name?: string | null;
        };
        /**
         * @description The unit of temperatures.
         * @enum {string}
         */
        CelsiusV1: "CELSIUS";
        /**
         * @description The kinds of implanted devices.
         * @enum {string}
         */
        DeviceKindV1: "CATHETER" | "PACEMAKER";
        /** @description An implanted device. */
        DeviceV1: {
            /** @description Its id. */
            id: string;
            type?: components["schemas"]["DeviceKindV1"] | null;
        };
        /** @description The figures of a room over a step. */
        EnvironmentAggregatesV1: {
            /** @description Means of the samples. */
            average: components["schemas"]["EnvironmentV1"];
            /** @description Greatest values. */
            maximum: components["schemas"]["EnvironmentV1"];
            /** @description Smallest values. */
            minimum: components["schemas"]["EnvironmentV1"];
            /** @description The samples behind the figures. */
            samples: components["schemas"]["EnvironmentSamplesV1"];
            /** @description Deviations of the population. */
            std: components["schemas"]["EnvironmentV1"];
            /** @description Means over the time in which a value was in force. */
            timeWeightedAverage: components["schemas"]["EnvironmentInForceV1"];
        };
        /** @description Time-weighted figures of a room; null when no value was in force. */
        EnvironmentInForceV1: {
            humidity?: components["schemas"]["NumberV1"] | null;
            luminosity?: components["schemas"]["LuminosityV1"] | null;
            temperature?: components["schemas"]["TemperatureV1"] | null;
        };
        /** @description The samples of each quantity of a room. */
        EnvironmentSamplesV1: {
            humidity: components["schemas"]["SamplesV1"];
            luminosity: components["schemas"]["SamplesV1"];
            temperature: components["schemas"]["SamplesV1"];
        };
        /** @description One figure of each quantity of a room; null when there is none. */
        EnvironmentV1: {
            humidity?: components["schemas"]["NumberV1"] | null;
            luminosity?: components["schemas"]["LuminosityV1"] | null;
            /** @description Always null: presence has no figures. */
            presence?: boolean | null;
            temperature?: components["schemas"]["TemperatureV1"] | null;
        };
        /** @description One thing that is wrong with the input. */
        FieldError: {
            /** @description What is expected there, for people. */
            detail: string;
            /**
             * @description Where: a JSON Pointer (RFC 6901) into the body, empty for the body as a whole; a name for a
             *     parameter of query, path or header (`?from`, `{roomId}`, `x-source-time`).
             */
            pointer: string;
        };
        /**
         * @description How a process ended.
         * @enum {string}
         */
        FinalStateV1: "INTERRUPTED" | "TERMINATED";
        /** @description Who the patient is. */
        HealthcareUserV1: {
            /** @description First name. */
            name: string;
            /** @description Family name. */
            surname: string;
            /** @description Tax code. */
            taxCode: string;
        };
        /** @description A technology already in use when the patient came. */
        InUseAtEntryV1: {
            /** @description Its id. */
            id: string;
            /** @description Its name; empty when nobody could tell. */
            name: string;
            /** @description The room. */
            roomId: string;
            type?: components["schemas"]["TechnologyKindV1"] | null;
        };
        /** @description One interval of a step. */
        IntervalV1: components["schemas"]["StepV1"] & {
            /** @description The step. */
            step: components["schemas"]["StepNameV1"];
        };
        /**
         * @description What happened.
         * @enum {string}
         */
        KindV1: "COMPOSED" | "REGENERATED" | "ADDITION" | "SIGNATURE" | "WITHDRAWN";
        /** @description A report of the list, and where it is. */
        ListedV1: {
            entry: components["schemas"]["ReportEntryV1"];
            url: string;
        };
        /** @description A number with its unit. */
        LuminosityV1: {
            /** @description Its unit. */
            unit: components["schemas"]["LuxV1"];
            /** @description The number. */
            value: components["schemas"]["NumberV1"];
        };
        /**
         * @description The unit of luminosities.
         * @enum {string}
         */
        LuxV1: "LUX";
        /** @description A technology and whether it is in use. */
        MedicalTechnologyV1: {
            /** @description What it is. */
            description?: string | null;
            /** @description Its id. */
            id: string;
            /** @description Whether it is in use. */
            inUse: boolean;
            /** @description Its name; empty when nobody could tell. */
            name: string;
            type?: components["schemas"]["TechnologyKindV1"] | null;
        };
        /**
         * @description What a report lacks: its end, or what a service would have told.
         * @enum {string}
         */
        MissingV1: "end" | "building-management" | "patient-management-integration" | "staff-tracking" | "surgical-process-monitoring";
        /** @description A passage of a professional. */
        MovementV1: {
            /**
             * Format: date-time
             * @description When.
             */
            dateTime: string;
            /** @description Who. */
            healthProfessionalId: string;
            /** @description Which room. */
            roomID: string;
            /** @description In or out. */
            trackType: components["schemas"]["PassageV1"];
        };
        /** @description An integer where the quantity has integers. */
        NumberV1: number;
        /**
         * @description In or out.
         * @enum {string}
         */
        PassageV1: "ENTER" | "EXIT";
        /** @description A professional who was inside since before the start. */
        PresentAtStartV1: {
            /** @description Who. */
            healthProfessionalId: string;
            /** @description Which room. */
            roomId: string;
        };
        /** @description The body of a problem, as written. */
        Problem: {
            /** @description What happened this time. */
            detail?: string;
            /** @description What is wrong with the input; left out when the input is not to blame. */
            errors?: components["schemas"]["FieldError"][];
            /**
             * Format: int32
             * @description The HTTP status.
             */
            status: number;
            /** @description The kind of problem in words. */
            title: string;
            /** @description A stable URI of the kind of problem. */
            type: string;
        };
        /** @description What became of a regeneration. */
        RegenerationV1: {
            /** @description False when the sources told nothing new: then there is no new version. */
            changed: boolean;
            /**
             * Format: int32
             * @description The report's revision.
             */
            revision: number;
            /**
             * Format: int32
             * @description The newest version.
             */
            version: number;
        };
        /** @description What the list of reports shows of a report. */
        ReportEntryV1: {
            /** @description Whether nothing is missing. */
            complete: boolean;
            /**
             * Format: date-time
             * @description When the process ended; null while it is open.
             */
            endDateTime?: string | null;
            finalState?: components["schemas"]["FinalStateV1"] | null;
            /** @description What is missing. */
            missing: components["schemas"]["MissingV1"][];
            /** @description The patient. */
            patientId: string;
            /** @description The patient's first name, when known. */
            patientName?: string | null;
            /** @description The patient's family name, when known. */
            patientSurname?: string | null;
            /** @description Whether nothing that happens changes the report any more. */
            settled: boolean;
            /**
             * Format: date-time
             * @description When the process began.
             */
            surgeryDate: string;
            /** @description The booked surgery. */
            surgeryId?: string | null;
            /** @description What was operated. */
            surgicalProcessDescription: string;
            /** @description The process that it is of. */
            surgicalProcessID: string;
        };
        /** @description A report. */
        ReportV1: {
            /** @description The newest text that somebody added; empty when nobody did. */
            additionalData: string;
            /** @description Whether nothing is missing. */
            complete: boolean;
            /** @description Implanted devices, by id. */
            consumedImplantableMedicalDevice: components["schemas"]["DeviceV1"][];
            /** @description SHA-256 of the curves that the charts of this version are drawn from, in hexadecimal. */
            curvesDigest: string;
            /**
             * Format: date-time
             * @description When the process ended; null while it is open.
             */
            endDateTime?: string | null;
            finalState?: components["schemas"]["FinalStateV1"] | null;
            /** @description Movements of professionals in the rooms involved from start to end, by time. */
            healthProfessionalTrackingInformation: components["schemas"]["MovementV1"][];
            /** @description Who was inside the rooms since before the start. */
            healthProfessionalsPresentAtStart: components["schemas"]["PresentAtStartV1"][];
            healthcareUser?: components["schemas"]["HealthcareUserV1"] | null;
            /** @description Who is in charge. */
            inChargeHealthProfessionalID?: string | null;
            /** @description Uses of technologies, by time. */
            medicalTechnologyUsageData: components["schemas"]["UsageV1"][];
            /** @description What is missing. */
            missing: components["schemas"]["MissingV1"][];
            /** @description The patient. */
            patientID: string;
            /** @description Every room the patient was in, each once, by first entry. */
            roomsInvolved: components["schemas"]["RoomV1"][];
            /** @description Whether nothing that happens changes the report any more. */
            settled: boolean;
            /** @description Each step once. */
            stepData: {
                [key: string]: components["schemas"]["StepV1"];
            };
            /** @description Each interval of a step, in order. */
            steps: components["schemas"]["IntervalV1"][];
            /**
             * Format: date-time
             * @description When the process began.
             */
            surgeryDate: string;
            /** @description The booked surgery. */
            surgeryId?: string | null;
            /** @description What was operated. */
            surgicalProcessDescription: string;
            /** @description The process that it is of. */
            surgicalProcessID: string;
            /** @description Technologies already in use when the patient came. */
            technologiesInUseAtEntry: components["schemas"]["InUseAtEntryV1"][];
        };
        /** @description Reports by date, or a page of them. */
        ReportsV1: {
            entries: components["schemas"]["ListedV1"][];
            /** @description Where the next page begins; null on the last one. */
            next?: string | null;
            /**
             * Format: int64
             * @description Of all pages.
             */
            total: number;
        };
        /**
         * @description The kinds of rooms; also the places of a step's environment.
         * @enum {string}
         */
        RoomKindV1: "PRE_OPERATING_ROOM" | "OPERATING_ROOM";
        /** @description A room of a report. */
        RoomV1: {
            /** @description Its id. */
            id: string;
            /** @description Its kind. */
            type: components["schemas"]["RoomKindV1"];
        };
        /** @description The samples behind the figures of one quantity. */
        SamplesV1: {
            /**
             * Format: int64
             * @description How many were measured inside.
             */
            count: number;
            /**
             * Format: date-time
             * @description When the first was measured.
             */
            first?: string | null;
            /**
             * Format: date-time
             * @description When the last was measured.
             */
            last?: string | null;
            /**
             * Format: double
             * @description For how long a value was in force, in seconds.
             */
            secondsCovered: number;
        };
        /** @description The newest version of a report, and how it stands. */
        ShownV1: components["schemas"]["ReportV1"] & {
            /** @description Everything that people added, in order. */
            additions: components["schemas"]["AddedV1"][];
            /**
             * Format: int32
             * @description Grows with every version and signature; also the `ETag`.
             */
            revision: number;
            signature?: components["schemas"]["SignatureV1"] | null;
            /**
             * Format: int32
             * @description The newest version that is signed; null when none is. A regeneration leaves it as it was,
             *     under `/versions/{version}`.
             */
            signedVersion?: number | null;
            /**
             * Format: int32
             * @description The number of this version.
             */
            version: number;
        };
        /** @description A signature. */
        SignatureV1: {
            /** @description SHA-256, in hexadecimal, of the bytes that `/versions/{version}` answers as JSON. */
            contentHash: string;
            /**
             * Format: date-time
             * @description When.
             */
            dateTime: string;
            /** @description Who signed. */
            signedBy: components["schemas"]["AuthorV1"];
            /**
             * Format: int32
             * @description The version that it pins.
             */
            version: number;
        };
        /**
         * @description The steps, in their order.
         * @enum {string}
         */
        StepNameV1: "PATIENT_IN_PREPARATION" | "PATIENT_ON_OPERATING_TABLE" | "ANESTHESIA" | "SURGERY_IN_PROGRESS" | "END_OF_SURGERY" | "PATIENT_UNDER_OBSERVATION";
        /** @description What a report says of a step. */
        StepV1: {
            /** @description Every room of the process, by id. */
            environmentByRoom: {
                [key: string]: components["schemas"]["EnvironmentAggregatesV1"];
            };
            /** @description The rooms by their part in the process. */
            environmentalAggregateData: {
                [key: string]: components["schemas"]["EnvironmentAggregatesV1"];
            };
            /** @description The patient's vital signs. */
            patientVitalSignAggregateData: components["schemas"]["VitalSignAggregatesV1"];
            /**
             * Format: date-time
             * @description When it began.
             */
            startDateTime: string;
            /**
             * Format: date-time
             * @description When it ended; null for the last step of an open process.
             */
            stopDateTime?: string | null;
        };
        /**
         * @description The kinds of technologies.
         * @enum {string}
         */
        TechnologyKindV1: "ENDOSCOPE" | "XRAY";
        /** @description A number with its unit. */
        TemperatureV1: {
            /** @description Its unit. */
            unit: components["schemas"]["CelsiusV1"];
            /** @description The number. */
            value: components["schemas"]["NumberV1"];
        };
        /** @description A use of a technology that began or ended. */
        UsageV1: {
            /**
             * Format: date-time
             * @description When.
             */
            dateTime: string;
            /** @description Which technology, and whether it is in use from then on. */
            medicalTechnology: components["schemas"]["MedicalTechnologyV1"];
        };
        /** @description A version of a report. */
        VersionV1: {
            author?: components["schemas"]["AuthorV1"] | null;
            /** @description Whether nothing was missing. */
            complete: boolean;
            /**
             * Format: date-time
             * @description When it was made.
             */
            dateTime: string;
            /** @description What made it; never `SIGNATURE`, which makes none. */
            kind: components["schemas"]["KindV1"];
            /** @description What was missing. */
            missing: components["schemas"]["MissingV1"][];
            /**
             * Format: int32
             * @description The revision in which it came.
             */
            revision: number;
            /** @description Whether nothing that happens changed it by itself any more. */
            settled: boolean;
            signature?: components["schemas"]["SignatureV1"] | null;
            /** @description The text of an addition; null otherwise. */
            text?: string | null;
            /** @description Where it is. */
            url: string;
            /**
             * Format: int32
             * @description Its number.
             */
            version: number;
        };
        /** @description The versions of a report, in order. */
        VersionsV1: {
            entries: components["schemas"]["VersionV1"][];
            /** @description How many. */
            total: number;
        };
        /** @description The figures of vital signs over a step. */
        VitalSignAggregatesV1: {
            /** @description Means of the samples. */
            average: components["schemas"]["VitalSignsV1"];
            /** @description Greatest values. */
            maximum: components["schemas"]["VitalSignsV1"];
            /** @description Smallest values. */
            minimum: components["schemas"]["VitalSignsV1"];
            /** @description The samples behind the figures. */
            samples: components["schemas"]["VitalSignSamplesV1"];
            /** @description Deviations of the population. */
            std: components["schemas"]["VitalSignsV1"];
            /** @description Means over the time in which a value was in force; decimals for all. */
            timeWeightedAverage: components["schemas"]["VitalSignsV1"];
        };
        /** @description The samples of each vital sign. */
        VitalSignSamplesV1: {
            bodyTemperature: components["schemas"]["SamplesV1"];
            diastolicBloodPressure: components["schemas"]["SamplesV1"];
            heartBeat: components["schemas"]["SamplesV1"];
            respiratoryRate: components["schemas"]["SamplesV1"];
            saturationPercentage: components["schemas"]["SamplesV1"];
            systolicBloodPressure: components["schemas"]["SamplesV1"];
        };
        /** @description One figure of each vital sign; null when there is none. */
        VitalSignsV1: {
            bodyTemperature?: components["schemas"]["TemperatureV1"] | null;
            diastolicBloodPressure?: components["schemas"]["NumberV1"] | null;
            heartBeat?: components["schemas"]["NumberV1"] | null;
            respiratoryRate?: components["schemas"]["NumberV1"] | null;
            saturationPercentage?: components["schemas"]["NumberV1"] | null;
            systolicBloodPressure?: components["schemas"]["NumberV1"] | null;
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

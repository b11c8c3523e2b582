// Written by `cargo xtask gen` from openapi/; never edited.

export interface paths {
    "/api/v1/decisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Why each command was given, oldest first: rule, inputs, target and its owner, command, outcome. */
        get: {
            parameters: {
                query?: {
                    /** @description Those of one room; of all rooms when left out. */
                    roomId?: string;
                    /** @description Decided at this instant or later. */
                    from?: string;
                    /** @description Decided at this instant or before. */
                    to?: string;
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
                /** @description The decisions; an empty list when there are none */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Decisions"];
                    };
                };
                /** @description A parameter that is not valid */
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
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description What became of a command. */
        Became: {
            /**
             * Format: int32
             * @description How often it was sent.
             */
            attempts: number;
            /**
             * Format: date-time
             * @description When it came to its end; null before.
             */
            endedDateTime?: string | null;
            /** @description Why the last attempt failed; null when none did. */
            reason?: string | null;
            /**
             * Format: date-time
             * @description When it was last sent and taken; null before.
             */
            sentDateTime?: string | null;
            /**
             * @description `PENDING` (to be sent), `SENT` (not confirmed yet), `CONFIRMED`, `FAILED`, `SUPERSEDED` or
             *     `EXPIRED`.
             * @example CONFIRMED
             */
            status: string;
        };
        /** @description What was commanded. */
        Command: {
            /** @description The Thing's action: `on`, `off` or `setIntensity`. */
            action: string;
            /** @description The actuator; null when the room has none, or it was not asked for yet. */
            actuatorId?: string | null;
            /** @description `HEATING`, `COOLING`, `VENTILATION`, `AMBIENT_LIGHT` or `SURGICAL_LIGHT`. */
            actuatorType: string;
            /**
             * Format: int32
             * @description Percent or lux of `setIntensity`, else null.
             */
            intensity?: number | null;
        };
        /** @description A command and why it was given. */
        DecisionEntry: {
            /** @description What was commanded. */
            command: components["schemas"]["Command"];
            /**
             * Format: date-time
             * @description When it was decided.
             */
            dateTime: string;
            /**
             * @description The same in words.
             * @example 22.6 °C is more than 0.5 °C above the target of 21 °C
             */
            explanation: string;
            /**
             * @description Room, cause and actuator.
             * @example or-2/0000000000004711-000/Cooling
             */
            id: string;
            /** @description What was looked at. */
            inputs: components["schemas"]["Inputs"];
            /** @description What became of it. */
            outcome: components["schemas"]["Became"];
            /**
             * @description The room.
             * @example or-2
             */
            roomId: string;
            /**
             * @description `TOO_WARM`, `TOO_COLD`, `COOLED_DOWN`, `WARMED_UP`, `TOO_HUMID`, `DRIED_OUT` or
             *     `LIGHT_DIFFERS`.
             * @example TOO_WARM
             */
            rule: string;
            /** @description What was wanted. */
            target: components["schemas"]["Wanted"];
        };
        /** @description Decisions, oldest first. */
        Decisions: {
            /** @description Those of this page. */
            entries: components["schemas"]["DecisionEntry"][];
            /** @description Where the next page begins; null on the last. */
            next?: string | null;
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description What a decision looked at. */
        Inputs: {
            /**
             * Format: date-time
             * @description When that happened.
             */
            causeDateTime: string;
            /** @description The event that it follows from; the client's command id for a wish of the team. */
            causeId: string;
            /** @description `on`, `off` or the intensity that the actuator's twin told; null when it had told nothing. */
            found?: string | null;
            measured?: components["schemas"]["Measured"] | null;
            /**
             * Format: double
             * @description How far from the target the room may be; 0 for lights.
             */
            tolerance: number;
            /**
             * @description `MEASUREMENT`, or what changed the target: `PRESENCE`, `STANDBY_TIMER`,
             *     `TECHNOLOGY_USAGE`, `TECHNOLOGY_REQUEST`, `CUSTOM_LIGHT`, `SURGERY`.
             * @example MEASUREMENT
             */
            trigger: string;
        };
        /** @description A measurement. */
        Measured: {
            /**
             * Format: date-time
             * @description When.
             */
            dateTime: string;
            /**
             * Format: double
             * @description In the target's unit.
             */
            value: number;
        };
        /** @description What is wanted, and by whom. */
        Wanted: {
            /** @description `endoscope` or `xray` for `MEDICAL_TECHNOLOGY`, else null. */
            medicalTechnologyType?: string | null;
            /**
             * @description Strongest first: `CUSTOM_LIGHT`, `MEDICAL_TECHNOLOGY`, `SURGERY_IN_PROGRESS`, `STANDBY`,
             *     `ROOM_DEFAULT`.
             * @example ROOM_DEFAULT
             */
            owner: string;
            /** @description `TEMPERATURE`, `HUMIDITY`, `AMBIENT_LIGHT` or `SURGICAL_LIGHT`. */
            quantity: string;
            /** @description UCUM: `Cel`, `%` or `lx`. */
            unit: string;
            /**
             * Format: double
             * @description How much.
             */
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

// Written by `cargo xtask gen` from openapi/; never edited.

export interface paths {
    "/api/v1/surgeryBooking": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Books a surgery. The same booking again is accepted and changes nothing. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Booking"];
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
                409: {
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
    "/api/v1/surgeryBookings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The surgeries planned for a day. */
        get: {
            parameters: {
                query?: {
                    /** @description A date in the hospital's time zone, `YYYY-MM-DD`; today when not given. */
                    day?: string | null;
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
                        "application/json": components["schemas"]["BookedSurgeries"];
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
    "/api/v1/surgeryBookings/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A booking and what has become of it. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
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
                        "application/json": components["schemas"]["BookedSurgery"];
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
        /** Reschedules a surgery whose patient has not entered the theatre. Patient and tax code stay. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Booking"];
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
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        post?: never;
        /** Calls off a surgery whose patient has not entered the theatre. It stays listed. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
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
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description The bookings of a day. */
        BookedSurgeries: {
            /** @description By planned start, then id; cancelled ones too. */
            entries: components["schemas"]["BookedSurgery"][];
            /** @description How many. */
            total: number;
        };
        /** @description A booking as it is now. */
        BookedSurgery: {
            /**
             * Format: int32
             * @description Planned duration in minutes.
             */
            expectedDurationMinutes: number;
            /** @description Who is responsible. */
            healthProfessionalID: string;
            /** @description The patient's tax code; null for displays, which show codes of the block only. */
            healthcareUserID?: string | null;
            /** @description Planned theatre; null when none is planned. */
            operatingRoomId?: string | null;
            /** @description The patient in the block. */
            patientID: string;
            /** @description The process that uses it up; null before there is one. */
            processId?: string | null;
            /** @description What has become of it. */
            status: components["schemas"]["BookingStatus"];
            /** @description Planned start. */
            surgeryDateTime: string;
            /** @description The booking's id. */
            surgeryID: string;
            /** @description What kind of surgery. */
            surgeryType: string;
        };
        /** @description A booking as it is posted. */
        Booking: {
            /**
             * Format: int32
             * @description Planned duration in minutes; by type of surgery when not given.
             */
            expectedDurationMinutes?: number | null;
            /**
             * @description Who is responsible.
             * @example hp-7
             */
            healthProfessionalID: string;
            /**
             * @description The patient's tax code.
             * @example VRDLCU85T10A562S
             */
            healthcareUserID: string;
            /** @description Planned theatre. */
            operatingRoomId?: string | null;
            /**
             * @description The patient in the block.
             * @example patient-7
             */
            patientID: string;
            /**
             * Format: date-time
             * @description Planned start, RFC 3339; in the future.
             * @example 2023-05-15T08:00:00Z
             */
            surgeryDateTime: string;
            /**
             * @description The booking's id, given by the hospital.
             * @example sb-2023-0515-01
             */
            surgeryID: string;
            /**
             * @description What kind of surgery.
             * @example Appendectomy
             */
            surgeryType: string;
        };
        /**
         * @description What has become of a booking.
         * @enum {string}
         */
        BookingStatus: "BOOKED" | "IN_PROGRESS" | "DONE" | "CANCELLED";
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;

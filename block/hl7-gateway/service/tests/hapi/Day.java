// A hospital's morning, told by HAPI HL7v2: builds messages with its own structures, sends them
// with its own MLLP client, reads the answers with its own parser, which validates them.

import ca.uhn.hl7v2.DefaultHapiContext;
import ca.uhn.hl7v2.HapiContext;
import ca.uhn.hl7v2.app.Connection;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.model.v251.datatype.CX;
import ca.uhn.hl7v2.model.v251.datatype.NM;
import ca.uhn.hl7v2.model.v251.message.ACK;
import ca.uhn.hl7v2.model.v251.message.ADT_A01;
import ca.uhn.hl7v2.model.v251.message.ADT_A39;
import ca.uhn.hl7v2.model.v251.message.ORU_R01;
import ca.uhn.hl7v2.model.v251.message.SIU_S12;
import ca.uhn.hl7v2.model.v251.segment.MSH;
import ca.uhn.hl7v2.model.v251.segment.OBX;
import ca.uhn.hl7v2.model.v251.segment.PID;
import ca.uhn.hl7v2.model.v251.segment.SCH;
import ca.uhn.hl7v2.util.Terser;

/** Arguments: host, port, the time of sending, the start of the surgery (both YYYYMMDDHHMMSS). */
public final class Day {
    private static Connection connection;
    private static String sent;

    public static void main(String[] args) throws Exception {
        sent = args[2];
        try (HapiContext context = new DefaultHapiContext()) {
            connection = context.newClient(args[0], Integer.parseInt(args[1]), false);

            ADT_A01 admission = new ADT_A01();
            admission.initQuickstart("ADT", "A01", "P");
            header(admission.getMSH(), "hapi-1");
            admission.getEVN().getRecordedDateTime().getTime().setValue(sent);
            patient(admission.getPID(), "p-1", "VRDLCU85T10A562S");
            admission.getPV1().getPatientClass().setValue("I");
            say("A01", admission);
            say("A01 again", admission);

            admission.getMSH().getMessageControlID().setValue("hapi-2");
            admission.getMSH().getMessageType().getTriggerEvent().setValue("A08");
            admission.getPID().getPatientName(0).getFamilyName().getSurname().setValue("De Verdi & Figli");
            say("A08", admission);

            admission.getMSH().getMessageControlID().setValue("hapi-3");
            admission.getPID().getPatientIdentifierList(1).getIdentifierTypeCode().setValue("VN");
            say("A08 of nobody", admission);

            admission.getMSH().getMessageControlID().setValue("hapi-4");
            admission.getMSH().getMessageType().getTriggerEvent().setValue("A03");
            say("A03", admission);

            SIU_S12 booking = new SIU_S12();
            booking.initQuickstart("SIU", "S12", "P");
            header(booking.getMSH(), "hapi-5");
            SCH sch = booking.getSCH();
            sch.getFillerAppointmentID().getEntityIdentifier().setValue("hapi-surgery");
            sch.getAppointmentDuration().setValue("75");
            sch.getAppointmentDurationUnits().getIdentifier().setValue("min");
            sch.getAppointmentTimingQuantity(0).getStartDateTime().getTime().setValue(args[3]);
            patient(booking.getPATIENT().getPID(), "p-1", "VRDLCU85T10A562S");
            var resources = booking.getRESOURCES();
            resources.getRGS().getSetIDRGS().setValue("1");
            var service = resources.getSERVICE().getAIS();
            service.getUniversalServiceIdentifier().getIdentifier().setValue("47.01");
            service.getUniversalServiceIdentifier().getText().setValue("Appendectomy");
            var location = resources.getLOCATION_RESOURCE().getAIL();
            location.getLocationResourceID(0).getRoom().setValue("or-1");
            var surgeon = resources.getPERSONNEL_RESOURCE().getAIP();
            surgeon.getPersonnelResourceID(0).getIDNumber().setValue("hp-1");
            say("S12", booking);

            booking.getMSH().getMessageControlID().setValue("hapi-6");
            booking.getMSH().getMessageType().getTriggerEvent().setValue("S13");
            location.getLocationResourceID(0).getRoom().setValue("or-2");
            say("S13", booking);

            ORU_R01 vitals = new ORU_R01();
            vitals.initQuickstart("ORU", "R01", "P");
            header(vitals.getMSH(), "hapi-7");
            var result = vitals.getPATIENT_RESULT();
            patient(result.getPATIENT().getPID(), "p-1", "VRDLCU85T10A562S");
            var order = result.getORDER_OBSERVATION();
            order.getOBR().getUniversalServiceIdentifier().getIdentifier().setValue("85353-1");
            order.getOBR().getObservationDateTime().getTime().setValue(sent);
            observation(vitals, order.getOBSERVATION(0).getOBX(), "8867-4", "71", "/min");
            observation(vitals, order.getOBSERVATION(1).getOBX(), "8480-6", "121", "mm[Hg]");
            say("R01", vitals);

            vitals.getMSH().getMessageControlID().setValue("hapi-8");
            order.getOBSERVATION(1).getOBX().getUnits().getIdentifier().setValue("kg");
            say("R01 of a wrong unit", vitals);

            booking.getMSH().getMessageControlID().setValue("hapi-9");
            booking.getMSH().getMessageType().getTriggerEvent().setValue("S15");
            say("S15", booking);

            ADT_A39 merge = new ADT_A39();
            merge.initQuickstart("ADT", "A40", "P");
            header(merge.getMSH(), "hapi-10");
            merge.getEVN().getRecordedDateTime().getTime().setValue(sent);
            patient(merge.getPATIENT().getPID(), "p-2", "VRDLCU85T10A563X");
            CX retired = merge.getPATIENT().getMRG().getPriorPatientIdentifierList(0);
            retired.getIDNumber().setValue("VRDLCU85T10A562S");
            retired.getIdentifierTypeCode().setValue("NNITA");
            say("A40", merge);
            connection.close();
        }
        System.out.println("all done");
    }

    private static void header(MSH msh, String id) throws Exception {
        msh.getSendingApplication().getNamespaceID().setValue("HAPI");
        msh.getSendingFacility().getNamespaceID().setValue("ROME");
        msh.getDateTimeOfMessage().getTime().setValue(sent);
        msh.getMessageControlID().setValue(id);
        msh.getCharacterSet(0).setValue("UNICODE UTF-8");
    }

    private static void patient(PID pid, String id, String taxCode) throws Exception {
        pid.getPatientIdentifierList(0).getIDNumber().setValue(id);
        pid.getPatientIdentifierList(0).getIdentifierTypeCode().setValue("PI");
        pid.getPatientIdentifierList(1).getIDNumber().setValue(taxCode);
        pid.getPatientIdentifierList(1).getIdentifierTypeCode().setValue("NNITA");
        pid.getPatientName(0).getFamilyName().getSurname().setValue("Verdì");
        pid.getPatientName(0).getGivenName().setValue("Luca");
        pid.getDateTimeOfBirth().getTime().setValue("19851210");
        pid.getAdministrativeSex().setValue("M");
    }

    private static void observation(ORU_R01 message, OBX obx, String code, String value, String unit)
            throws Exception {
        obx.getValueType().setValue("NM");
        obx.getObservationIdentifier().getIdentifier().setValue(code);
        obx.getObservationIdentifier().getNameOfCodingSystem().setValue("LN");
        NM number = new NM(message);
        number.setValue(value);
        obx.getObservationValue(0).setData(number);
        obx.getUnits().getIdentifier().setValue(unit);
        obx.getUnits().getNameOfCodingSystem().setValue("UCUM");
        obx.getObservationResultStatus().setValue("F");
    }

    /** Sends a message and prints the answer: what, MSA-1, whether MSA-2 is ours, the first error. */
    private static void say(String what, Message message) throws Exception {
        Message answer = connection.getInitiator().sendAndReceive(message);
        if (!(answer instanceof ACK)) {
            throw new IllegalStateException("answered by a " + answer.getClass());
        }
        ACK ack = (ACK) answer;
        String id = new Terser(message).get("/MSH-10");
        boolean ours = id.equals(ack.getMSA().getMessageControlID().getValue());
        StringBuilder line = new StringBuilder(what).append(": ");
        line.append(ack.getMSA().getAcknowledgmentCode().getValue());
        line.append(ours ? "" : " for another message");
        if (ack.getERRReps() > 0) {
            var error = ack.getERR(0);
            var place = error.getErrorLocation(0);
            line.append(' ').append(place.getSegmentID().getValue());
            line.append('(').append(place.getSegmentSequence().getValue()).append(")-");
            line.append(place.getFieldPosition().getValue()).append(' ');
            line.append(error.getHL7ErrorCode().getIdentifier().getValue());
        }
        System.out.println(line);
    }
}

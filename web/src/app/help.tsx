/** The list of keys. */
import { Modal } from "@mantine/core";

import { useWords } from "~/lib/i18n";

export default function Help({ onClose }: { onClose: () => void }) {
  const { t } = useWords();
  return (
    <Modal opened onClose={onClose} title={t("keys")} lockScroll={false} closeButtonProps={{ "aria-label": t("close") }}>
      <dl className="keys-list">
        {(
          [
            ["/", t("keys.search")],
            ["?", t("keys.help")],
            ["g b", t("nav.block")],
            ["g f", t("nav.figures")],
            ["g r", t("nav.rooms")],
            ["g p", t("nav.reports")],
            ["g s", t("nav.staff")],
            ["g k", t("nav.bookings")],
            ["g m", t("nav.building")],
            ["g d", t("nav.portal")],
            ["t", t("keys.theme")],
            ["L", t("lock")],
          ] as const
        ).map(([key, text]) => (
          <div key={key} style={{ display: "contents" }}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}

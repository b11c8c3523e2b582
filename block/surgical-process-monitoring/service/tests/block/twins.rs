//! What the twin layer shows of a process.

use serde_json::json;

use crate::world::{World, instant};

const ADA: &str = "ada-2026-05-15T08.10.00.000Z";

fn seed(world: &World, ids: &[&str]) {
    let mut around = world.around.lock().unwrap();
    for id in ids {
        let twin = json!({"$dtId": id, "$etag": "W/\"1\"", "$metadata": {"$model": "dtmi:x;1"}});
        around.twins.insert((*id).to_owned(), twin);
    }
}

#[tokio::test]
async fn a_process_is_shown_until_it_is_settled() {
    let world = World::new().await;
    seed(&world, &["ada", "s1"]);
    {
        let mut around = world.around.lock().unwrap();
        let healthcare = ("rel_is_associated".to_owned(), "ADA".to_owned());
        around.relationships.insert(("ada".to_owned(), "ada-ADA".to_owned()), healthcare);
        let booked = ("rel_booking_associated_patient".to_owned(), "ada".to_owned());
        around.relationships.insert(("s1".to_owned(), "s1-ada".to_owned()), booked);
    }
    world.say(&["07:00:00 ada book s1 09:00:00", "08:10:00 ada +pre-1"]).await;
    let number = |name: &str| world.around.lock().unwrap().twins[ADA][name].clone();
    assert_eq!((number("process_state"), number("process_step")), (json!(0), json!(0)));
    let related =
        ["rel_is_inside pre-1", "rel_associated_to_booking s1", "rel_involve_patient ada"];
    let mut shown = world.related(ADA);
    shown.sort();
    let mut expected = related.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(shown, expected);

    // A twin layer that is down holds up nothing, and shows the last state when it is back.
    world.around.lock().unwrap().twins_down = true;
    world.say(&["08:20:00 ada +or-1", "08:30:00 ada table", "08:31:00 or-1 cut"]).await;
    assert_eq!(world.body("/api/v1/processes").await["entries"][0]["step"], "SURGERY_IN_PROGRESS");
    assert_eq!(number("process_step"), json!(0));
    world.around.lock().unwrap().twins_down = false;
    world.at("08:35:00").await;
    assert_eq!((number("process_state"), number("process_step")), (json!(1), json!(3)));
    assert!(world.related(ADA).contains(&"rel_is_inside or-1".to_owned()));
    assert!(!world.related(ADA).contains(&"rel_is_inside pre-1".to_owned()));

    world.at("08:40:00").await;
    world.say(&["08:40:00 or-1 interrupted", "08:41:00 ada -or-1"]).await;
    assert_eq!(number("process_state"), json!(3));
    assert!(!world.related(ADA).iter().any(|it| it.starts_with("rel_is_inside")));
    world.at("08:50:00").await;
    assert!(!world.has_twin(ADA));
    assert!(!world.has_twin("s1"));
    assert!(world.has_twin("ada"));

    // The patient's twin goes a day after the end.
    let day_later = "2026-05-16T08:40:00Z".parse().unwrap();
    assert_eq!(world.runtime.activity.snapshot().next_timer, Some(day_later));
    world.hands.move_to(day_later);
    world.quiet().await;
    assert!(!world.has_twin("ada"));
    assert_eq!(world.runtime.activity.snapshot().next_timer, None);
}

#[tokio::test]
async fn a_rescheduled_booking_keeps_its_twin() {
    let world = World::new().await;
    seed(&world, &["ada", "s1"]);
    world.at("08:20:00").await;
    world
        .say(&[
            "07:00:00 ada book s1 09:00:00",
            "08:10:00 ada +pre-1",
            "08:15:00 ada book s1/2 15:00:00",
        ])
        .await;
    world.hands.move_to(instant("08:25:00"));
    world.quiet().await;
    let detail = world.body(&format!("/api/v1/processes/{ADA}")).await;
    assert_eq!((&detail["state"], &detail["settled"]), (&json!("INTERRUPTED"), &json!(true)));
    assert!(!world.has_twin(ADA));
    assert!(world.has_twin("s1"));
}

#[tokio::test]
async fn a_patient_inside_a_room_keeps_the_twin() {
    let world = World::new().await;
    seed(&world, &["ada"]);
    {
        let mut around = world.around.lock().unwrap();
        let inside = ("rel_is_inside".to_owned(), "or-1".to_owned());
        around.relationships.insert(("ada".to_owned(), "or-1-ada".to_owned()), inside);
    }
    world
        .say(&[
            "07:00:00 ada book s1 09:00:00",
            "08:10:00 ada +pre-1",
            "08:11:00 pre-1 interrupted",
        ])
        .await;
    world.at("08:30:00").await;
    world.hands.move_to("2026-05-16T08:11:00Z".parse().unwrap());
    world.quiet().await;
    assert!(world.has_twin("ada"));
    world.around.lock().unwrap().relationships.clear();
    world.hands.move_to("2026-05-16T09:11:00Z".parse().unwrap());
    world.quiet().await;
    assert!(!world.has_twin("ada"));
}

use super::*;
use mesoform_plan::FORMAT;
use mesoform_transport::{Auth, Connection, Target};

/// A host that reads a request and answers with the next of `answers`, whatever is asked; then it
/// ends.
async fn host(answers: &[&str]) -> Result<Session, SessionError> {
    let say = |answer: &&str| format!("read -r line; printf '%s\\n' '{answer}'");
    let script = answers.iter().map(say).collect::<Vec<_>>().join("; ");
    let here = Connection::open(&Target::local("here"), &Auth::from_environment()).await.unwrap();
    Session::open(here.stream(&script).await.unwrap()).await
}

const HELLO: &str = r#"{"reply":"hello","protocol":1,"version":"0.1.0","last_run":null}"#;
const REQUESTS: &str = r#"{"reply":"requests","run_id":"r","requests":[
    {"step":0,"role":"agent","host":"h","dns":[],"ips":[],"csr_pem":"csr"}]}"#;
const EVENT: &str = r#"{"reply":"event","offset":1,"event":{"event":"note","text":"well"}}"#;
const DONE: &str = r#"{"reply":"applied","run_id":"r","outcome":{"outcome":"done","changed":3}}"#;

fn plan() -> Plan {
    Plan { format: FORMAT, cluster: "c".into(), host: "h".into(), steps: Vec::new() }
}

async fn apply(session: &mut Session) -> Result<usize, SessionError> {
    let sign = |request: &SigningRequest| match request.csr_pem.as_str() {
        "csr" => Ok("chain".to_owned()),
        _ => Err(Failure::new("certificate", "is none", "")),
    };
    session.apply("r", plan(), BTreeMap::new(), sign, &|_| ()).await
}

#[tokio::test]
async fn a_plan_is_carried_out_with_its_certificates_and_its_events_told() {
    let requests = REQUESTS.replace('\n', "");
    let applied = format!("{EVENT}\n{EVENT}\n{DONE}");
    let mut session = host(&[HELLO, &requests, &applied]).await.unwrap();
    let told = std::sync::Mutex::new(Vec::new());
    let count = |event: &Event| told.lock().unwrap().push(event.clone());
    let sign = |_: &SigningRequest| Ok("chain".to_owned());
    let changed = session.apply("r", plan(), BTreeMap::new(), sign, &count).await.unwrap();
    let note = Event::Note { text: "well".into() };
    assert_eq!((changed, told.into_inner().unwrap()), (3, vec![note.clone(), note]));
}

#[tokio::test]
async fn a_request_that_is_not_signed_ends_the_application() {
    let requests = REQUESTS.replace('\n', "").replace("\"csr\"", "\"other\"");
    let mut session = host(&[HELLO, &requests]).await.unwrap();
    let error = apply(&mut session).await.unwrap_err().to_string();
    assert_eq!(error, "certificate: is none");
}

#[tokio::test]
async fn a_failure_is_told_with_its_cure() {
    let failed = r#"{"reply":"applied","run_id":"r","outcome":{"outcome":"failed","changed":1,
        "step":2,"failure":{"place":"/x","cause":"disk full","cure":"make room"}}}"#;
    let mut session = host(&[HELLO, &failed.replace('\n', "")]).await.unwrap();
    let error = apply(&mut session).await.unwrap_err();
    assert_eq!(error.to_string(), "/x: disk full; make room");
}

#[tokio::test]
async fn another_run_at_work_is_named_whatever_its_clock_says() {
    let busy = r#"{"reply":"busy","now_ms":9223372036854775807,"lock":{"owner":"ann@desk",
        "run_id":"r1","since_ms":-9223372036854775808,"expires_ms":-1}}"#;
    let mut session = host(&[HELLO, &busy.replace('\n', "")]).await.unwrap();
    let error = session.lock("me", "r2").await.unwrap_err().to_string();
    assert!(error.starts_with("ann@desk works on this host (run r1, for"), "{error}");
}

#[tokio::test]
async fn when_a_busy_host_is_free_is_told_as_it_is() {
    for (works, free) in [
        ("false", "if it is gone, the host is free in at most 23 s"),
        ("true", "if it is gone, the host is free when its job here ends, and at most 23 s later"),
    ] {
        let busy = format!(
            r#"{{"reply":"busy","now_ms":112000,"works":{works},"lock":{{"owner":"ann",
            "run_id":"r1","since_ms":40000,"expires_ms":130000,"heard_ms":100000}}}}"#
        );
        let mut session = host(&[HELLO, &busy.replace('\n', "")]).await.unwrap();
        let error = session.lock("me", "r2").await.unwrap_err().to_string();
        let start = "ann works on this host (run r1, for 72 s now, last heard of 12 s ago); wait";
        assert!(error.starts_with(start) && error.ends_with(free), "{error}");
    }
}

/// A host that answers `report` with how many beats it has heard.
#[tokio::test]
async fn the_host_hears_that_the_operator_is_there() {
    let hello = HELLO.replace("\"protocol\":1", "\"protocol\":2");
    let script = format!(
        "read -r line; echo '{hello}'; n=0; while read -r line; do case $line in *beat*) n=$((n+1)) ;; \
         *) echo '{{\"reply\":\"reported\",\"report\":{{\"version\":\"'$n'\"}}}}' ;; esac; done"
    );
    let here = Connection::open(&Target::local("here"), &Auth::from_environment()).await.unwrap();
    let channel = here.stream(&script).await.unwrap();
    let session = Session::open_beating(channel, Duration::from_millis(5)).await.unwrap();
    let mut heard = 0;
    let limit = std::time::Instant::now() + Duration::from_secs(120);
    while heard < 3 && std::time::Instant::now() < limit {
        heard = session.report().await.unwrap().unwrap().version.parse().unwrap();
    }
    assert!(heard >= 3);
}

#[tokio::test]
async fn an_end_in_the_middle_is_a_lost_connection() {
    let mut session = host(&[HELLO]).await.unwrap();
    assert!(matches!(apply(&mut session).await, Err(SessionError::Lost(_))));
}

#[tokio::test]
async fn what_a_host_says_before_it_goes_is_told() {
    let here = Connection::open(&Target::local("here"), &Auth::from_environment()).await.unwrap();
    let channel = here.stream("read -r line; echo 'no such file' >&2; exit 1").await.unwrap();
    let Err(error) = Session::open(channel).await else { panic!("it said nothing") };
    assert!(error.to_string().contains("no such file"), "{error}");
}

#[tokio::test]
async fn what_is_no_answer_is_told_and_cut() {
    let long = format!("{{\"reply\":\"{}\"}}", "x".repeat(500));
    for answer in ["Last login: today", &long, "\u{7}"] {
        let Err(error) = host(&[answer]).await else { panic!("{answer} was taken") };
        assert!(matches!(error, SessionError::Protocol(_)), "{error}");
    }
}

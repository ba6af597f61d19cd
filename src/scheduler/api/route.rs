use super::asked::Asked;
use super::reply::{self, Outcome, Problem};
use super::role::Office;
use super::{apps, deployments, groups, leader, queue, tasks, versions};
use http::Method;

/// What can only be read.
pub const READ: &str = "GET, HEAD, OPTIONS";

/// Serves what only the leader can.
pub async fn route(office: &Office, mut asked: Asked) -> Outcome {
    let path = asked.path.clone();
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    let ["v2", resource, rest @ ..] = &parts[..] else {
        return Err(Problem::no_such_route());
    };
    let Some(allowed) = allowed(resource, rest) else { return Err(Problem::no_such_route()) };
    if asked.method == Method::OPTIONS {
        return Ok(reply::options(allowed));
    }
    // The door leaves out the body.
    if asked.method == Method::HEAD {
        asked.method = Method::GET;
    }
    let served = serve(office, asked, resource, rest).await;
    served.unwrap_or_else(|| Err(Problem::method(allowed)))
}

/// The methods of a resource; `None`: there is no such resource.
fn allowed(resource: &str, rest: &[&str]) -> Option<&'static str> {
    Some(match (resource, rest) {
        ("apps", []) => "GET, HEAD, POST, PUT, PATCH, OPTIONS",
        ("apps", [.., "*"]) => READ,
        ("apps", [_, .., "restart"]) => "POST, OPTIONS",
        ("apps", [_, .., "tasks"]) => "GET, HEAD, DELETE, OPTIONS",
        ("apps", [_, .., "versions"]) => READ,
        ("apps", _) => "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
        ("tasks" | "deployments" | "queue", []) | ("groups", _) => READ,
        ("tasks", ["delete"]) => "POST, OPTIONS",
        ("deployments", [_]) | ("queue", [.., "delay"]) => "DELETE, OPTIONS",
        ("leader", []) => "GET, HEAD, DELETE, OPTIONS",
        _ => return None,
    })
}

/// `None`: not with this method.
async fn serve(office: &Office, asked: Asked, resource: &str, rest: &[&str]) -> Option<Outcome> {
    let method = asked.method.clone();
    Some(match (resource, &method, rest) {
        ("apps", ..) => return app(office, asked, rest).await,
        ("tasks", &Method::GET, []) => tasks::list(office, &asked),
        ("tasks", &Method::POST, ["delete"]) => tasks::kill_by_id(office, asked).await,
        ("deployments", &Method::GET, []) => Ok(deployments::list(office)),
        ("deployments", &Method::DELETE, [id]) => deployments::cancel(office, &asked, id).await,
        ("queue", &Method::GET, []) => Ok(queue::list(office)),
        ("queue", &Method::DELETE, [app @ .., "delay"]) => queue::reset(office, app).await,
        ("groups", &Method::GET, _) => groups::show(office, rest),
        ("leader", &Method::DELETE, []) => Ok(leader::abdicate(office)),
        _ => return None,
    })
}

/// An app's path may have the names of what belongs to apps in it, though not at its end.
async fn app(office: &Office, asked: Asked, rest: &[&str]) -> Option<Outcome> {
    let method = asked.method.clone();
    Some(match (&method, rest) {
        (&Method::GET, []) => apps::list(office, &asked),
        (&Method::POST, []) => apps::create(office, asked).await,
        (&Method::PUT, []) => apps::update_many(office, asked, true).await,
        (&Method::PATCH, []) => apps::update_many(office, asked, false).await,
        (&Method::GET, [group @ .., "*"]) => Ok(apps::of_group(office, group)),
        (_, [.., "*"]) => return None,
        (_, [app @ .., word @ ("restart" | "tasks" | "versions")]) if !app.is_empty() => {
            return of_app(office, &asked, app, word).await;
        }
        (&Method::DELETE, [app @ .., "tasks", task]) if !app.is_empty() => {
            tasks::kill_one(office, &asked, app, task).await
        }
        (&Method::GET, [app @ .., "versions", version]) if !app.is_empty() => {
            versions::show(office, app, version)
        }
        (&Method::GET, app) => apps::show(office, app),
        (&Method::PUT, app) => apps::update(office, asked, app, true).await,
        (&Method::PATCH, app) => apps::update(office, asked, app, false).await,
        (&Method::DELETE, app) if !app.is_empty() => apps::delete(office, &asked, app).await,
        _ => return None,
    })
}

/// All of what belongs to an app.
async fn of_app(office: &Office, asked: &Asked, app: &[&str], word: &str) -> Option<Outcome> {
    Some(match (&asked.method, word) {
        (&Method::POST, "restart") => apps::restart(office, asked, app).await,
        (&Method::GET, "tasks") => tasks::of_app(office, asked, app),
        (&Method::DELETE, "tasks") => tasks::kill_all(office, asked, app).await,
        (&Method::GET, "versions") => versions::list(office, app),
        _ => return None,
    })
}

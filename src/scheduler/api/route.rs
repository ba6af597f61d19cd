use super::asked::Asked;
use super::reply::{Outcome, Problem};
use super::role::Office;
use super::{apps, deployments, groups, leader, queue, tasks, versions};
use http::Method;

/// Serves what only the leader can.
pub async fn route(office: &Office, asked: Asked) -> Outcome {
    let path = asked.path.clone();
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    let ["v2", resource, rest @ ..] = &parts[..] else {
        return Err(Problem::no_such_route());
    };
    match *resource {
        "apps" => app_route(office, asked, rest).await,
        "tasks" => match (&asked.method, rest) {
            (&Method::GET, []) => tasks::list(office, &asked),
            (&Method::POST, ["delete"]) => tasks::kill_by_id(office, asked).await,
            _ => Err(Problem::no_such_route()),
        },
        "deployments" => match (&asked.method, rest) {
            (&Method::GET, []) => Ok(deployments::list(office)),
            (&Method::DELETE, [id]) => deployments::cancel(office, &asked, id).await,
            _ => Err(Problem::no_such_route()),
        },
        "queue" => match (&asked.method, rest) {
            (&Method::GET, []) => Ok(queue::list(office)),
            (&Method::DELETE, [app @ .., "delay"]) => queue::reset(office, app).await,
            _ => Err(Problem::no_such_route()),
        },
        "groups" if asked.method == Method::GET => groups::show(office, rest),
        "leader" if asked.method == Method::DELETE => Ok(leader::abdicate(office)),
        _ => Err(Problem::no_such_route()),
    }
}

async fn app_route(office: &Office, asked: Asked, rest: &[&str]) -> Outcome {
    match (asked.method.clone(), rest) {
        (Method::GET, []) => apps::list(office, &asked),
        (Method::POST, []) => apps::create(office, asked).await,
        (Method::PUT, []) => apps::update_many(office, asked, true).await,
        (Method::PATCH, []) => apps::update_many(office, asked, false).await,
        (Method::GET, [app @ .., "tasks"]) if !app.is_empty() => tasks::of_app(office, &asked, app),
        (Method::DELETE, [app @ .., "tasks"]) if !app.is_empty() => {
            tasks::kill_all(office, &asked, app).await
        }
        (Method::DELETE, [app @ .., "tasks", task]) if !app.is_empty() => {
            tasks::kill_one(office, &asked, app, task).await
        }
        (Method::GET, [app @ .., "versions"]) if !app.is_empty() => versions::list(office, app),
        (Method::GET, [app @ .., "versions", version]) if !app.is_empty() => {
            versions::show(office, app, version)
        }
        (Method::POST, [app @ .., "restart"]) if !app.is_empty() => {
            apps::restart(office, &asked, app).await
        }
        (Method::GET, [group @ .., "*"]) => Ok(apps::of_group(office, group)),
        (Method::GET, app) => apps::show(office, app),
        (Method::PUT, app) => apps::update(office, asked, app, true).await,
        (Method::PATCH, app) => apps::update(office, asked, app, false).await,
        (Method::DELETE, app) if !app.is_empty() => apps::delete(office, &asked, app).await,
        _ => Err(Problem::method()),
    }
}

package cases;

import orders.Orders;

/** Cases of Kafka's Java client, run on order. */
public final class Driver {
    /** One case: returns when everything it claims held, throws otherwise. */
    public interface Case {
        void run(Env env) throws Exception;
    }

    private static final Orders ORDERS = new Orders();

    static void add(String name, Case body) {
        ORDERS.add(name, (bootstrap, own) -> {
            try (Env env = new Env(bootstrap, own)) {
                body.run(env);
            }
        });
    }

    public static void main(String[] args) throws Exception {
        ProduceCases.register();
        ConsumeCases.register();
        GroupCases.register();
        GroupAdminCases.register();
        AdminCases.register();
        ConfigCases.register();
        ORDERS.follow(args);
    }

    private Driver() {
    }
}

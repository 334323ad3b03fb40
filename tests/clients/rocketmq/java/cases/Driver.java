package cases;

import orders.Orders;

/** Cases of RocketMQ's Java client, run on order; the server's address is the name server's. */
public final class Driver {
    /** One case: returns when everything it claims held, throws otherwise. */
    public interface Case {
        void run(Env env) throws Exception;
    }

    private static final Orders ORDERS = new Orders();

    static void add(String name, Case body) {
        ORDERS.add(name, (names, own) -> {
            try (Env env = new Env(names, own)) {
                body.run(env);
            }
        });
    }

    public static void main(String[] args) throws Exception {
        SendCases.register();
        BatchCases.register();
        PullCases.register();
        LitePullCases.register();
        PushCases.register();
        OrderCases.register();
        FilterCases.register();
        RetryCases.register();
        DelayCases.register();
        TransactionCases.register();
        RequestCases.register();
        QueryCases.register();
        TraceCases.register();
        AdminCases.register();
        Version.register();
        ORDERS.follow(args);
    }

    private Driver() {
    }
}

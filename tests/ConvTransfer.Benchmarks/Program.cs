using ConvTransfer.Benchmarks;

switch (args)
{
    case ["kernels"]:
        KernelRates.Run(Console.Out);
        return 0;
    default:
        Console.Error.WriteLine("usage: kernels");
        return 2;
}

using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;
using ConvTransfer.Training;

namespace ConvTransfer.Tests.Training;

/// <summary>A small training: a network of two convolutions, a normalization and a head, on random pictures.</summary>
internal static class SmallTraining
{
    public const int Classes = 3;

    /// <summary>The options of most tests: three epochs of four batches.</summary>
    public static FineTuneOptions Options { get; } = new() { Epochs = 3, BatchSize = 4, BatchNormalization = BatchNormalizationPolicy.Train, HeadRate = 1e-2, BodyRate = 1e-2 };

    /// <summary>conv1, bn2, relu3, conv4, relu5, and the dense head8.</summary>
    public static Model Network(long seed = 1)
    {
        var net = new NetworkBuilder("small", seed);
        string x = net.Input("image", 3, 6, 6);
        x = net.Relu(net.BatchNormalization(net.Convolution(x, 5, 3, padding: 1)));
        x = net.Relu(net.Convolution(x, 6, 3));
        return net.Build(net.Dense(net.Flatten(net.GlobalAveragePool(x)), Classes));
    }

    /// <summary>Trains the network.</summary>
    public static TrainingResult Run(FineTuneOptions options, TrainerOptions how, ISampleSource? samples = null, int cancelAfter = -1, Model? network = null, ISampleSource? heldOut = null, params FreezeRule[] freeze)
    {
        using var trainer = new Trainer(network ?? Network(), freeze, options, how);
        using var source = new CancellationTokenSource();
        if (cancelAfter == 0) source.Cancel();
        int done = 0;
        var seen = samples ?? new RandomSamples(15);
        return trainer.Run([.. trainer.Phases.Select(_ => seen)], heldOut is null ? null : [.. trainer.Phases.Select(_ => heldOut)], new Count(() => { if (++done == cancelAfter) source.Cancel(); }), source.Token);
    }

    /// <summary>The bytes of all initializers.</summary>
    public static byte[] Bytes(Model model) => [.. model.Graph.Initializers.SelectMany(t => t.Bytes.ToArray())];

    private sealed class Count(Action count) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => count();
    }
}

/// <summary>Random pictures, a function of their numbers and the epoch alone.</summary>
/// <param name="count">How many.</param>
/// <param name="shift">Added to the classes.</param>
/// <param name="bad">The picture and the epoch that hold a NaN.</param>
internal sealed class RandomSamples(int count, int shift = 0, SampleView? bad = null) : ISampleSource
{
    public int Count => count;

    public int Label(int index) => (index + shift) % SmallTraining.Classes;

    public void Read(ReadOnlySpan<SampleView> views, ReadOnlySpan<Tensor> values, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var to = values[0].AsSpan<float>();
        int length = to.Length / views.Length;
        for (int i = 0; i < views.Length; i++)
        {
            var random = new CounterRandom(7, views[i].Epoch + 1, views[i].Index);
            var picture = to.Slice(i * length, length);
            for (int j = 0; j < length; j++) picture[j] = (float)random.NextNormal() + (Label(views[i].Index) * 0.3f);
            if (views[i] == bad) picture[length / 2] = float.NaN;
        }
    }
}

using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Training;

namespace ConvTransfer.Tests.Training;

/// <summary>Which weights decay: those that a layer multiplies by, whatever their rank, and no others.</summary>
public sealed class DecayTests
{
    private static readonly string[] Factors = ["conv.weight", "transposed.weight", "gemm.weight", "matmul.weight", "vector"];

    public static TheoryData<OptimizerKind> Optimizers => [.. Enum.GetValues<OptimizerKind>()];

    // The first step from the same weights, with and without decay: what does not decay has the same bits. With so much of it every third element or more of an Adam's step turns its sign.
    [Theory]
    [MemberData(nameof(Optimizers))]
    public void OnlyFactorsDecay(OptimizerKind optimizer)
    {
        var options = SmallTraining.Options with { Optimizer = optimizer, Epochs = 1, BatchNormalization = BatchNormalizationPolicy.AffineOnly, Schedule = LearningRateSchedule.Constant, ClipNorm = 0 };
        Model Stepped(double decay) => SmallTraining.Run(options with { WeightDecay = decay }, new TrainerOptions(), new RandomSamples(4), network: Network()).Network;
        var pairs = Stepped(0).Graph.Initializers.Zip(Stepped(30).Graph.Initializers);
        Assert.Equal(Factors, pairs.Where(p => !p.First.Bytes.Span.SequenceEqual(p.Second.Bytes.Span)).Select(p => p.First.Name));
    }

    [Fact]
    public void EveryWeightIsTrainedAndHasItsDecay()
    {
        var network = Network();
        using var trainer = new Trainer(network, [], SmallTraining.Options with { BatchNormalization = BatchNormalizationPolicy.AffineOnly, WeightDecay = 0.25 }, new TrainerOptions());
        Assert.Equal(network.Graph.Initializers.Select(t => t.Name).Except(["bn.mean", "bn.variance", "axes"]), trainer.TrainedWeights);
        Assert.Equal(trainer.TrainedWeights.Select(w => Factors.Contains(w) ? 0.25 : 0), trainer.Decays());
    }

    // A weight is the same one where a node hands it on.
    [Fact]
    public void AFactorBehindAnIdentityDecaysWhereItIsTrained()
    {
        var network = Network();
        var graph = network.Graph;
        string[] handedOn = ["conv.weight", "gemm.weight", "slope"];
        var nodes = graph.Nodes.Select(n => n with { Inputs = n.Inputs.Select(i => handedOn.Contains(i) ? $"{i}/same" : i).ToValueList() });
        network = network with { Graph = graph with { Nodes = [.. handedOn.Select(w => new Node("Identity", [w], [$"{w}/same"])), .. nodes] } };
        using var trainer = new Trainer(network, [], SmallTraining.Options with { WeightDecay = 0.25 }, new TrainerOptions());
        Assert.Equal(trainer.TrainedWeights.Select(w => Factors.Contains(w) ? 0.25 : 0), trainer.Decays());
    }

    // What one layer adds and another one multiplies by decays.
    [Fact]
    public void ASharedWeightDecaysWhereAnyLayerMultipliesByIt()
    {
        var network = Network();
        var graph = network.Graph;
        network = network with { Graph = graph with { Nodes = graph.Nodes.Select(n => n.OpType == "Gemm" ? n with { Inputs = [n.Inputs[0], n.Inputs[1], "vector"] } : n).ToValueList(), Initializers = graph.Initializers.Where(t => t.Name != "gemm.bias").ToValueList() } };
        using var trainer = new Trainer(network, [], SmallTraining.Options with { WeightDecay = 0.25 }, new TrainerOptions());
        Assert.Equal(0.25, trainer.Decays()[trainer.TrainedWeights.ToList().IndexOf("vector")]);
    }

    // Every kind of layer, with biases, scales and slopes of any rank: none of them is 0.
    private static Model Network()
    {
        static TensorData Weight(string name, params long[] dims) => TensorData.From<float>(name, dims, [.. Enumerable.Range(0, (int)dims.Aggregate(1L, (a, b) => a * b)).Select(i => (0.1f + (0.05f * (i % 7))) * (i % 3 == 0 ? -1 : 1))]);
        static NodeAttribute Axis(long axis) => new("axis", new AttributeValue.Int(axis));
        return new Model(new Graph
        {
            Name = "decays",
            Inputs = [new ValueInfo("image", new TensorType(ElementType.Float32, [Dim.Of("N"), 4, 5, 5]))],
            Outputs = [new ValueInfo("logits", new TensorType(ElementType.Float32, [Dim.Of("N"), SmallTraining.Classes]))],
            Nodes =
            [
                new Node("Conv", ["image", "conv.weight"], ["c"]), new Node("Add", ["c", "conv.bias"], ["cb"]),
                new Node("PRelu", ["cb", "slope"], ["p"]),
                new Node("LayerNormalization", ["p", "ln.scale", "ln.shift"], ["l"]) { Attributes = [Axis(1)] },
                new Node("ConvTranspose", ["l", "transposed.weight", "transposed.bias"], ["t"]), new Node("Sum", ["t", "more"], ["tb"]),
                new Node("BatchNormalization", ["tb", "bn.scale", "bn.shift", "bn.mean", "bn.variance"], ["b"]),
                new Node("InstanceNormalization", ["b", "in.scale", "in.shift"], ["i"]),
                new Node("Flatten", ["i"], ["f"]),
                new Node("Gemm", ["f", "gemm.weight", "gemm.bias"], ["g"]),
                new Node("MatMul", ["g", "matmul.weight"], ["m"]), new Node("Add", ["matmul.bias", "m"], ["mb"]),
                new Node("MatMul", ["g", "vector"], ["v"]), new Node("Unsqueeze", ["v", "axes"], ["column"]),
                new Node("Add", ["mb", "column"], ["sum"]),
                new Node("Mul", ["sum", "mb"], ["logits"]),
            ],
            Initializers =
            [
                Weight("conv.weight", 6, 4, 3, 3), Weight("conv.bias", 6, 1, 1), Weight("slope", 6, 1, 1), Weight("ln.scale", 6, 3, 3), Weight("ln.shift", 6, 3, 3),
                Weight("transposed.weight", 6, 4, 2, 2), Weight("transposed.bias", 4), Weight("more", 1, 4, 1, 1),
                Weight("bn.scale", 4), Weight("bn.shift", 4), TensorData.From<float>("bn.mean", [4], [0, 0, 0, 0]), TensorData.From<float>("bn.variance", [4], [1, 1, 1, 1]),
                Weight("in.scale", 4), Weight("in.shift", 4), Weight("gemm.weight", 64, 5), Weight("gemm.bias", 1, 5),
                Weight("matmul.weight", 5, 3), Weight("matmul.bias", 1, 3), Weight("vector", 5), TensorData.From<long>("axes", [1], [1]),
            ],
        }) { IrVersion = 8, OpsetImports = [new OpsetImport("", 18)] };
    }
}

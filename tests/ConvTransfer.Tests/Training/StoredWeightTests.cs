using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;
using ConvTransfer.Training;

namespace ConvTransfer.Tests.Training;

/// <summary>Weights are trained in whatever form a file holds them; where that cannot be, the user is told which and why.</summary>
public sealed class StoredWeightTests
{
    // Clipping sums over all weights in the order in which the model holds them: without it, the form must not change a bit.
    private static readonly FineTuneOptions Options = SmallTraining.Options with { Epochs = 2, ClipNorm = 0, WeightDecay = 0.1 };

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (string weight in (string[])["conv4.weight", "conv4.bias", "bn2.scale", "bn2.mean"])
                foreach (string form in StoredForms.All) if (!(weight == "bn2.mean" && form.Contains("transpose", StringComparison.Ordinal))) cases.Add(weight, form);
            return cases;
        }
    }

    // The yardstick is the training of the network whose layers read initializers: each form must give its bits, in training and where held-out samples are tried.
    [Theory]
    [MemberData(nameof(Cases))]
    public void EveryFormIsTrainedToTheSameBits(string weight, string form)
    {
        var network = SmallTraining.Network();
        var expected = SmallTraining.Run(Options, new TrainerOptions(), network: network, heldOut: new RandomSamples(7));
        var actual = SmallTraining.Run(Options, new TrainerOptions(), network: StoredForms.Apply(network, weight, form), heldOut: new RandomSamples(7));
        Assert.Equal(expected.Epochs, actual.Epochs);
        var stored = StoredNumbers.Of(actual.Network);
        foreach (var data in expected.Network.Graph.Initializers)
            Assert.True(data.Name == weight ? StoredForms.Stored(data, form).HasSameContent(stored[StoredForms.NameOf(weight, form)]) : data.HasSameContent(stored[data.Name]), data.Name);
        Assert.False(network.Graph.Initializers.Single(t => t.Name == weight).HasSameContent(expected.Network.Graph.Initializers.Single(t => t.Name == weight)));
    }

    // The smaller change: a Constant node keeps its place and holds the new value.
    [Fact]
    public void NothingButTheValueOfAConstantNodeChanges()
    {
        var network = StoredForms.ApplyToAll(SmallTraining.Network(), "constant");
        using var trainer = new Trainer(network, [FreezeRule.Matching("conv1")], SmallTraining.Options, new TrainerOptions());
        Assert.Equal(8, trainer.ChangedNumbers.Count);
        Assert.Equal(["conv1.weight", "conv1.bias"], trainer.FrozenNumbers.Order(StringComparer.Ordinal).Reverse());
        var differences = GraphComparison.Compare(network, trainer.Run(new RandomSamples(15)).Network);
        Assert.Equal(trainer.ChangedNumbers.Select(n => $"Constant node that makes '{n}' attribute 'value'").Order(StringComparer.Ordinal), differences.Select(d => d.Subject).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void FloatsOfANodeAreTrainedToo()
    {
        var network = SmallTraining.Network();
        var bias = network.Graph.Initializers.Single(t => t.Name == "conv1.bias");
        var node = new Node("Constant", [], ["conv1.bias"]) { Attributes = [new NodeAttribute("value_floats", new AttributeValue.Floats([.. new float[5]]))] };
        var held = network with { Graph = network.Graph with { Nodes = [node, .. network.Graph.Nodes], Initializers = network.Graph.Initializers.Where(t => t != bias).ToValueList() } };
        var expected = StoredNumbers.Of(SmallTraining.Run(Options, new TrainerOptions(), network: network).Network)["conv1.bias"];
        var trained = SmallTraining.Run(Options, new TrainerOptions(), network: held).Network;
        Assert.True(expected.HasSameContent(StoredNumbers.Of(trained)["conv1.bias"]));
        Assert.Equal("value_floats", trained.Graph.Nodes[0].Attributes.Single().Name);
    }

    // A frozen layer behind a trained one, whose weights are too many to be computed before there is a plan.
    [Theory]
    [InlineData("constant")]
    [InlineData("transpose")]
    public void LargeFrozenWeightsMayStandBehindTrainedOnes(string form)
    {
        var net = new NetworkBuilder("large", seed: 1);
        string x = net.Relu(net.Convolution(net.Relu(net.Convolution(net.Input("image", 3, 6, 6), 40, 3)), 40, 3));
        var plain = net.Build(net.Dense(net.Flatten(net.GlobalAveragePool(x)), SmallTraining.Classes));
        var held = StoredForms.Apply(plain, "conv3.weight", form);
        FreezeRule rule = FreezeRule.Matching("conv3");
        byte[] First(Model model) => StoredNumbers.Of(SmallTraining.Run(Options, new TrainerOptions(), network: model, freeze: rule).Network)["conv1.weight"].Bytes.ToArray();
        Assert.Equal(First(plain), First(held));
    }

    [Theory]
    [InlineData("constant")]
    [InlineData("identity")]
    public void WeightsThatAreNotFiniteAreRefusedInEveryForm(string form)
    {
        var network = SmallTraining.Network();
        float[] numbers = new float[6];
        numbers[2] = float.NaN;
        network = network with { Graph = network.Graph.ReplaceInitializers([TensorData.From<float>("conv4.bias", [6], numbers)]) };
        var e = Assert.Throws<ConvTransferException>(() => SmallTraining.Run(Options, new TrainerOptions(), network: StoredForms.Apply(network, "conv4.bias", form), freeze: FreezeRule.Matching("conv*")));
        Assert.Contains($"weight '{StoredForms.NameOf("conv4.bias", form)}' holds NaN at element 2", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AConstantNodeOfFloat16IsRefusedLikeAnInitializer()
    {
        var network = SmallTraining.Network();
        var half = StoredForms.Constant("half", TensorData.From<Half>("", [1], [(Half)1]));
        var e = Assert.Throws<ConvTransferException>(() => SmallTraining.Run(Options, new TrainerOptions(), network: network with { Graph = network.Graph with { Nodes = [half, .. network.Graph.Nodes] } }));
        Assert.Contains("float16", e.Message, StringComparison.Ordinal);
    }

    // conv4 reads twice what the file holds: no gradient is written for a tensor behind a product of constants.
    private static Model Doubled()
    {
        var network = StoredForms.Apply(SmallTraining.Network(), "conv4.weight", "identity");
        var nodes = network.Graph.Nodes.Select(n => n.OpType == "Identity" ? new Node("Add", [n.Inputs[0], n.Inputs[0]], n.Outputs) { Name = "twice" } : n);
        return network with { Graph = network.Graph with { Nodes = nodes.ToValueList() } };
    }

    private static List<string> Warnings(Model network, FineTuneOptions options, params FreezeRule[] freeze)
    {
        var lines = new List<string>();
        SmallTraining.Run(options with { Epochs = 1 }, new TrainerOptions { Warn = lines.Add, HeadWeights = network.Graph.Nodes[^1].Inputs.Skip(1).ToValueList() }, network: network, freeze: freeze);
        return lines;
    }

    [Fact]
    public void AWeightThatIsComputedStaysAndIsNamed()
    {
        string line = Assert.Single(Warnings(Doubled(), Options));
        Assert.Contains("a weight of a layer that no rule freezes stays as it is: 'conv4.weight' of Conv node 'conv4', which is made by Add node 'twice'", line, StringComparison.Ordinal);
        // Frozen by any of its names, it stays as the user wants it.
        foreach (string name in (string[])["conv4", "conv4.out", "conv4.weight"]) Assert.Empty(Warnings(Doubled(), Options, FreezeRule.Matching(name)));
        Assert.Empty(Warnings(Doubled(), Options, FreezeRule.Until("gap6.out")));
        Assert.Empty(Warnings(Doubled(), Options, FreezeRule.AllButLast(0)));
    }

    // An optimiser of files keeps equal tensors once: here a bias, a shift and a running mean of zeros.
    [Fact]
    public void AWeightThatIsARunningStatisticTooStays()
    {
        var network = SmallTraining.Network();
        network = network with { Graph = network.Graph with { Nodes = network.Graph.Nodes.Select(n => n with { Inputs = n.Inputs.Select(i => i is "conv1.bias" or "bn2.shift" ? "bn2.mean" : i).ToValueList() }).ToValueList() } };
        string line = Assert.Single(Warnings(network, Options with { BatchNormalization = BatchNormalizationPolicy.AffineOnly }));
        Assert.Contains("2 weights", line, StringComparison.Ordinal);
        Assert.Contains("'bn2.mean' of Conv node 'conv1', which is the running mean or variance of a batch normalization too", line, StringComparison.Ordinal);
        // Following the batches it would take the bias with it.
        var e = Assert.Throws<ConvTransferException>(() => Warnings(network, Options));
        Assert.Equal((FailureCause.Unsupported, "BatchNormalization node 'bn2'"), (e.Cause, e.Node));
        Assert.Contains("'bn2.mean' is read elsewhere too", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("transpose", "is transposed")]
    [InlineData("computed", "is made by Add node")]
    [InlineData("shared", "is read elsewhere too")]
    public void StatisticsThatCannotFollowTheBatchesAreRefusedByName(string form, string why)
    {
        var network = SmallTraining.Network();
        if (form == "shared") network = network with { Graph = network.Graph with { Nodes = network.Graph.Nodes.Select(n => n with { Inputs = n.Inputs.Select(i => i == "bn2.variance" ? "bn2.mean" : i).ToValueList() }).ToValueList() } };
        else network = StoredForms.Apply(network, "bn2.variance", form == "computed" ? "identity" : form);
        if (form == "computed") network = network with { Graph = network.Graph with { Nodes = network.Graph.Nodes.Select(n => n.OpType == "Identity" ? n with { OpType = "Add", Inputs = [n.Inputs[0], n.Inputs[0]] } : n).ToValueList() } };
        var e = Assert.Throws<ConvTransferException>(() => SmallTraining.Run(Options, new TrainerOptions(), network: network));
        Assert.Equal((FailureCause.Unsupported, "BatchNormalization node 'bn2'"), (e.Cause, e.Node));
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
        SmallTraining.Run(Options with { BatchNormalization = BatchNormalizationPolicy.AffineOnly }, new TrainerOptions(), network: network);
    }

    // The frozen part is computed of a weight, turned over, that a layer behind it has too.
    [Fact]
    public void WhatTheFrozenPartIsComputedOfIsFrozenWithIt()
    {
        static TensorData Weight(string name, params long[] dims) => TensorData.From<float>(name, dims, [.. Enumerable.Range(0, (int)dims.Aggregate((a, b) => a * b)).Select(i => 0.1f * ((i % 7) - 3))]);
        var network = new Model(new Graph
        {
            Name = "tied",
            Inputs = [new ValueInfo("image", new TensorType(ElementType.Float32, [Dim.Of("N"), 3, 6, 6]))],
            Outputs = [new ValueInfo("logits", new TensorType(ElementType.Float32, [Dim.Of("N"), SmallTraining.Classes]))],
            Nodes =
            [
                new Node("Flatten", ["image"], ["flat"]), new Node("MatMul", ["flat", "w"], ["code"]) { Name = "encode" },
                new Node("Transpose", ["w"], ["turned"]), new Node("MatMul", ["code", "turned"], ["back"]) { Name = "decode" },
                new Node("MatMul", ["back", "head"], ["logits"]) { Name = "classify" },
            ],
            Initializers = [Weight("w", 108, 4), Weight("head", 108, 3)],
        }) { IrVersion = 8, OpsetImports = [new OpsetImport("", 18)] };
        foreach (string value in (string[])["code", "turned"])
        {
            using var trainer = new Trainer(network, [FreezeRule.Until(value)], Options, new TrainerOptions());
            Assert.Equal(["head"], trainer.TrainedWeights);
            Assert.Equal(["w"], trainer.FrozenNumbers);
        }
        using var all = new Trainer(network, [], Options, new TrainerOptions());
        Assert.Equal(["w", "head"], all.TrainedWeights);
        using var decoder = new Trainer(network, [FreezeRule.Matching("decode")], Options, new TrainerOptions());
        Assert.Contains("'w' of MatMul node 'encode', which is shared with what stays as it is", Assert.Single(decoder.Scope.Warnings), StringComparison.Ordinal);
    }

    // A number that is added for all channels is no bias: it belongs to an activation, as the 3 of a hard swish.
    [Fact]
    public void ASingleNumberIsNoBias()
    {
        var network = SmallTraining.Network();
        var nodes = network.Graph.Nodes.Select(n => n.Name == "relu5" ? n with { Inputs = ["raised"] } : n).ToList();
        nodes.Insert(4, new Node("Add", ["conv4.out", "three"], ["raised"]));
        nodes.Insert(0, new Node("Constant", [], ["three"]) { Attributes = [new NodeAttribute("value_float", new AttributeValue.Float(3))] });
        using var trainer = new Trainer(network with { Graph = network.Graph with { Nodes = nodes.ToValueList() } }, [], Options, new TrainerOptions());
        Assert.DoesNotContain("three", trainer.TrainedWeights);
        Assert.Equal(8, trainer.TrainedWeights.Count);
    }

    // Nothing of a function's body can be written back under a name of the graph.
    [Fact]
    public void AWeightInTheBodyOfAFunctionIsRefusedUnlessItIsFrozen()
    {
        var network = StoredForms.Apply(SmallTraining.Network(), "conv4.weight", "constant");
        var constant = network.Graph.Nodes.Single(n => n.OpType == "Constant");
        var function = new Function("own", "Weights", [], ["w"], [constant with { Outputs = ["held"] }, new Node("Identity", ["held"], ["w"])]) { OpsetImports = [new OpsetImport("", 18)] };
        network = network with
        {
            Graph = network.Graph with { Nodes = network.Graph.Nodes.Select(n => n == constant ? new Node("Weights", [], ["conv4.weight"]) { Domain = "own" } : n).ToValueList() },
            Functions = [function],
            OpsetImports = [.. network.OpsetImports, new OpsetImport("own", 1)],
        };
        var e = Assert.Throws<ConvTransferException>(() => SmallTraining.Run(Options, new TrainerOptions(), network: network));
        Assert.Contains("stands in the body of a function", e.Message, StringComparison.Ordinal);
        SmallTraining.Run(Options, new TrainerOptions(), network: network, freeze: FreezeRule.Matching("conv4"));
    }
}
